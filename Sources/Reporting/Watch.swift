package import Health
import Time

/// A series of checks: the last report, and the changes between reports.
package struct Watch: Sendable {
    /// How many changes are kept.
    private static let limit = 20

    /// The state of a service, or of an instance of a group.
    struct Standing: Sendable, Equatable {
        let status: HealthStatus
        let reason: String?
    }

    struct Change: Sendable, Equatable {
        let round: Int
        let at: Timestamp
        let name: String
        let from: Standing
        let to: Standing
        /// The duration of the former state.
        let lasted: Duration
    }

    package private(set) var rounds = 0
    package private(set) var latest: Report?
    /// The latest first.
    private(set) var changes: [Change] = []
    private var known: [String: (standing: Standing, since: Timestamp)] = [:]

    package init() {}

    package mutating func record(_ report: Report) {
        rounds += 1
        latest = report
        var fresh: [Change] = []
        for (name, standing) in Watch.standings(report) {
            let before = known[name]
            guard standing != before?.standing else { continue }
            known[name] = (standing, report.checkedAt)
            guard let before else { continue }
            let lasted = Duration.milliseconds(report.checkedAt.milliseconds - before.since.milliseconds)
            fresh.append(
                Change(
                    round: rounds, at: report.checkedAt, name: name, from: before.standing, to: standing, lasted: lasted
                ))
        }
        changes = Array((fresh + changes).prefix(Watch.limit))
    }

    private static func standings(_ report: Report) -> [(name: String, Standing)] {
        report.services.flatMap { service in
            let whole = (name: service.name, Standing(status: service.status, reason: service.reason?.code))
            guard service.isGroup else { return [whole] }
            return [whole]
                + service.instances.map {
                    ("\(service.name) at \($0.name)", Standing(status: $0.status, reason: $0.reason?.code))
                }
        }
    }
}
