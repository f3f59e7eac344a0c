/// What is remembered of one target between observations.
package struct History: Sendable, Hashable {
    private var known: ServiceReport?
    /// When the present status was first observed.
    private var since: ContinuousClock.Instant?

    package init() {}

    /// nil before the first observation: unknown is not healthy.
    package var report: ServiceReport? { known }

    /// Takes in the next observation, and says what is known now, and whether that is a change of status (as the
    /// first one is).
    package mutating func record(_ observation: Observation, of target: Target) -> (ServiceReport, Transition?) {
        let before = known
        let changed = before?.observation.verdict.isUp != observation.verdict.isUp
        let now = observation.startedAt
        let report = ServiceReport(
            name: target.name, url: target.url, observation: observation,
            since: changed ? now.timestamp : before?.since ?? now.timestamp,
            lastHealthyAt: observation.verdict.isUp ? now.timestamp : before?.lastHealthyAt)
        known = report
        guard changed else { return (report, nil) }
        let lasted = since.map { now.instant - $0 }
        since = now.instant
        return (report, Transition(service: report, previousLasted: lasted))
    }
}
