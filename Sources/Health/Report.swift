package enum HealthStatus: String, Sendable {
    case healthy, unhealthy
}

/// One probe of one target: when, how long, what it says.
package struct Observation: Sendable, Hashable {
    package let startedAt: Moment
    package let duration: Duration
    /// The status of the response, where one came.
    package let httpStatus: Int?
    package let verdict: Verdict

    package init(startedAt: Moment, duration: Duration, httpStatus: Int?, verdict: Verdict) {
        self.startedAt = startedAt
        self.duration = duration
        self.httpStatus = httpStatus
        self.verdict = verdict
    }
}

/// What is known of one service: its last observation, and since when it is so.
package struct ServiceReport: Sendable, Hashable {
    package let name: String
    package let url: ProbeURL
    package let observation: Observation
    /// When the first observation of the present status began.
    package let since: Timestamp
    /// When the last healthy observation began; nil where there has been none.
    package let lastHealthyAt: Timestamp?

    package init(name: String, url: ProbeURL, observation: Observation, since: Timestamp, lastHealthyAt: Timestamp?) {
        self.name = name
        self.url = url
        self.observation = observation
        self.since = since
        self.lastHealthyAt = lastHealthyAt
    }

    package var status: HealthStatus { observation.verdict.isUp ? .healthy : .unhealthy }
}

/// The answer to "is this node healthy": a verdict with its evidence.
package struct Report: Sendable, Hashable {
    /// A reason to be unhealthy that is not any one service's.
    package enum Cause: String, Sendable, CustomStringConvertible {
        /// The process is about to end.
        case draining
        /// The request left out every service: unknown is not healthy.
        case nothingChecked = "nothing_checked"

        package var description: String {
            switch self {
            case .draining: "healthz is shutting down"
            case .nothingChecked: "every service was excluded, so nothing was checked"
            }
        }
    }

    /// When the check began.
    package let checkedAt: Timestamp
    /// From the beginning of the check to its end.
    package let duration: Duration
    package let cause: Cause?
    /// In the order of the configuration.
    package let services: [ServiceReport]

    package init(checkedAt: Timestamp, duration: Duration, cause: Cause? = nil, services: [ServiceReport]) {
        self.checkedAt = checkedAt
        self.duration = duration
        self.cause = cause
        self.services = services
    }

    package var status: HealthStatus {
        cause == nil && services.allSatisfy { $0.status == .healthy } ? .healthy : .unhealthy
    }
}
