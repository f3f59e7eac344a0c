package import Time

/// The memory of a target between observations, and its status.
package struct History: Sendable, Equatable {
    /// The known state after the first observation.
    package struct Known: Sendable, Equatable {
        package fileprivate(set) var isUp: Bool
        /// The defects that the last good observation reported.
        package fileprivate(set) var concern: Reason?
        /// The last observation, even if it contradicts the status.
        package fileprivate(set) var observation: Observation
        /// The reason of the last observation that was down.
        package fileprivate(set) var lastReason: Reason?
        /// When the observation began that led to the status.
        package fileprivate(set) var since: Moment
        /// When the last good observation began.
        package fileprivate(set) var lastUpAt: Timestamp?
        /// How many observations in a row have contradicted the status.
        package fileprivate(set) var against = 0
        package fileprivate(set) var recent = RecentChecks()

        package var status: HealthStatus { !isUp ? .unhealthy : concern == nil ? .healthy : .degraded }

        /// Why it is not healthy.
        package var reason: Reason? { isUp ? concern : lastReason }
    }

    /// nil before the first observation: an unknown target is not healthy.
    package private(set) var known: Known?

    package init() {}

    /// The wall clock has been set.
    mutating func moveTimes(by step: Duration) {
        guard var next = known else { return }
        next.observation = next.observation.moved(by: step)
        next.since = next.since.moved(by: step)
        next.lastUpAt = next.lastUpAt?.moved(by: step)
        next.recent.moveTimes(by: step)
        known = next
    }

    /// Records an observation. Enough contradicting observations in a row change the status. Between healthy and
    /// degraded, the last one decides.
    package mutating func record(_ observation: Observation, threshold: Threshold) -> Change {
        let isUp = observation.verdict.isUp
        let now = observation.startedAt
        let reason = observation.verdict.reason
        guard var next = known else {
            var first = Known(
                isUp: isUp, concern: isUp ? reason : nil, observation: observation, lastReason: isUp ? nil : reason,
                since: now, lastUpAt: isUp ? now.timestamp : nil)
            first.recent.append(startedAt: now.timestamp, duration: observation.duration, observation.verdict.result)
            known = first
            return .first
        }
        next.observation = observation
        next.recent.append(startedAt: now.timestamp, duration: observation.duration, observation.verdict.result)
        let before = next.status
        if isUp {
            next.lastUpAt = now.timestamp
            next.concern = reason
        } else {
            next.lastReason = reason
        }
        next.against = isUp == next.isUp ? 0 : next.against + 1
        if next.against >= (next.isUp ? threshold.fall : threshold.rise) {
            next.isUp = isUp
            next.against = 0
        }
        defer { known = next }
        guard next.status != before else { return .none }
        defer { next.since = now }
        return .after(now.instant - next.since.instant)
    }
}

/// A change of status, and the duration of the status before.
package enum Change: Sendable, Equatable {
    case none
    /// The first status.
    case first
    case after(Duration)
}
