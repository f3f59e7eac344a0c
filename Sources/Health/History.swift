package import Time

/// What is remembered of one target between observations, and what its status is by them.
package struct History: Sendable, Equatable {
    /// What is known, once there has been an observation.
    package struct Known: Sendable, Equatable {
        package fileprivate(set) var isUp: Bool
        /// The last one, whatever it says of the status.
        package fileprivate(set) var observation: Observation
        /// The reason of the last observation that was down.
        package fileprivate(set) var lastReason: Reason?
        /// When the observation began that made the status what it is.
        package fileprivate(set) var since: Moment
        /// When the last observation that was up began.
        package fileprivate(set) var lastUpAt: Timestamp?
        /// How many observations in a row, up to the last one, have been against the status.
        package fileprivate(set) var against = 0
        package fileprivate(set) var recent = RecentChecks()
    }

    /// nil before the first observation: unknown is not healthy.
    package private(set) var known: Known?

    package init() {}

    /// Takes in the next observation: one against the status turns it only when enough of them have come in a row.
    package mutating func record(_ observation: Observation, threshold: Threshold) -> Change {
        let isUp = observation.verdict.isUp
        let now = observation.startedAt
        guard var next = known else {
            var first = Known(
                isUp: isUp, observation: observation, lastReason: observation.verdict.reason, since: now,
                lastUpAt: isUp ? now.timestamp : nil)
            first.recent.append(startedAt: now.timestamp, duration: observation.duration, isUp: isUp)
            known = first
            return .first
        }
        next.observation = observation
        next.recent.append(startedAt: now.timestamp, duration: observation.duration, isUp: isUp)
        if let reason = observation.verdict.reason { next.lastReason = reason }
        if isUp { next.lastUpAt = now.timestamp }
        next.against = isUp == next.isUp ? 0 : next.against + 1
        let needed = next.isUp ? threshold.fall : threshold.rise
        guard next.against >= needed else {
            known = next
            return .none
        }
        let lasted = now.instant - next.since.instant
        next.isUp = isUp
        next.since = now
        next.against = 0
        known = next
        return .after(lasted)
    }
}

/// Whether a status has changed, and how long the one before it had lasted.
package enum Change: Sendable, Equatable {
    case none
    /// Nothing was known before.
    case first
    case after(Duration)
}
