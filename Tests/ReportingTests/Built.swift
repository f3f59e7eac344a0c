import HTTPClient
import Health
import Testing
import Time

/// Reports made of what their targets answered, for the tests of what is written out of them.
enum Built {
    /// 2026-11-21T06:40:00.123Z, when the reports are made.
    static let now: Int64 = 1_795_243_200_123

    static let refused = Verdict.down(.transfer(.refused(place: "10.0.0.7:3100")))

    /// One observation: the verdict, and milliseconds.
    typealias Seen = (verdict: Verdict, milliseconds: Double)

    /// - Parameter seen: the oldest first, five seconds apart, the last at `now`.
    static func target(
        _ name: String, _ seen: [Seen], status: Int? = nil, threshold: Threshold = .once
    ) throws -> TargetReport {
        let target = Target.on(name, threshold: threshold)
        var history = History()
        for (index, one) in seen.enumerated() {
            let time = now - Int64(seen.count - 1 - index) * 5000
            let observation = Observation(
                startedAt: Moment(instant: .now, timestamp: Timestamp(milliseconds: time)),
                duration: .microseconds(Int64(one.milliseconds * 1000)),
                httpStatus: status ?? (one.verdict.isUp ? 200 : nil), verdict: one.verdict)
            _ = history.record(observation, threshold: threshold)
        }
        return try TargetReport(name: name, target: target, known: #require(history.known))
    }

    static func service(
        _ name: String, _ seen: [Seen], status: Int? = nil, isCritical: Bool = true, threshold: Threshold = .once,
        notes: ServiceNotes = ServiceNotes()
    ) throws -> ServiceReport {
        let target = try target(name, seen, status: status, threshold: threshold)
        return ServiceReport(
            Service(name: name, target: .on(name), isCritical: isCritical).with(notes), instances: [target],
            since: target.since, lastHealthyAt: target.lastHealthyAt)
    }

    static func group(_ name: String, _ instances: [TargetReport], required: Int) -> ServiceReport {
        let service = Service(
            name: name, instances: instances.map { Service.Instance(name: $0.name, target: .on($0.name)) },
            required: required)
        return ServiceReport(
            service, instances: instances, since: Timestamp(milliseconds: now), lastHealthyAt: nil)
    }

    static func report(_ services: [ServiceReport], _ cause: Report.Cause? = nil) -> Report {
        Report(
            checkedAt: Timestamp(milliseconds: now), duration: .microseconds(12_400), cause: cause, services: services)
    }
}
