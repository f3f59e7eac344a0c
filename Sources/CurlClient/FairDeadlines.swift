import EventLoop
package import Time

/// Deadlines that are extended once if they are found long past: then the process was suspended or had no CPU time,
/// and the server is not to blame.
package struct FairDeadlines {
    private struct Standing {
        let limit: Duration
        var due: Instant
        var wasExtended = false
    }

    /// A deadline that is found this late was missed by healthz.
    private static let standstill: Duration = .milliseconds(100)

    private var deadlines = Deadlines()
    private var standing: [Int: Standing] = [:]

    package init() {}

    /// No later than the earliest deadline; nil where there is none.
    package var earliest: Instant? { deadlines.earliest }

    package mutating func set(_ id: Int, _ limit: Duration, from start: Instant) {
        standing[id] = Standing(limit: limit, due: start + limit)
        deadlines.set(id, to: start + limit)
    }

    package mutating func remove(_ id: Int) {
        standing[id] = nil
        deadlines.remove(id)
    }

    package func due(_ id: Int) -> Instant? { standing[id]?.due }

    /// Returns the deadlines that have passed. They stay until they are removed, but are not returned again.
    package mutating func passed(at now: Instant) -> [Int] {
        var passed: [Int] = []
        while let id = deadlines.popPassed(at: now) {
            guard let found = standing[id], !found.wasExtended, now - found.due > FairDeadlines.standstill else {
                passed.append(id)
                continue
            }
            standing[id] = Standing(limit: found.limit, due: now + found.limit, wasExtended: true)
            deadlines.set(id, to: now + found.limit)
        }
        return passed
    }
}
