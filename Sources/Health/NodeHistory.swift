import Time

/// The last status of the node, to notice changes.
struct NodeHistory {
    private var last: (status: HealthStatus, cause: Report.Cause?, since: Instant)?

    /// - Parameter report: on all services.
    mutating func record(_ report: Report, at now: Instant) -> Change {
        guard let before = last else {
            last = (report.status, report.cause, now)
            return .first
        }
        guard before.status != report.status || before.cause != report.cause else { return .none }
        last = (report.status, report.cause, now)
        return .after(now - before.since)
    }
}
