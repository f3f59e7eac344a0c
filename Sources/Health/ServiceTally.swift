/// Counters of a service, kept as long as it is configured.
package struct ServiceTally: Sendable {
    /// Of all probes of all its instances.
    package private(set) var durations = DurationHistogram()
    /// Failed probes by cause.
    package private(set) var failures: [FailureCause: Int] = [:]
    /// Changes of status.
    package private(set) var changes = 0
    private var status: HealthStatus?

    package init() {}

    package mutating func record(_ observation: Observation) {
        durations.record(observation.duration)
        if let cause = observation.verdict.reason?.cause { failures[cause, default: 0] += 1 }
    }

    /// The first status is not a change.
    package mutating func record(_ next: HealthStatus) {
        if let status, next != status { changes += 1 }
        status = next
    }
}
