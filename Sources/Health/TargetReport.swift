import HTTPClient
package import Time

/// The known state of a target.
package struct TargetReport: Sendable, Equatable {
    /// The name of the instance, or of the service if it has only this target.
    package let name: String
    /// Without its credentials.
    package let url: String
    package let threshold: Threshold
    private let known: History.Known

    package init(name: String, target: Target, known: History.Known) {
        self.name = name
        url = target.url.description
        threshold = target.threshold
        self.known = known
    }

    /// Whether it can be used: healthy or degraded.
    package var isUp: Bool { known.isUp }

    package var status: HealthStatus { known.status }

    /// The last observation. It may contradict the status: see `against`.
    package var observation: Observation { known.observation }

    /// Why it is not healthy.
    package var reason: Reason? { known.reason }

    /// The last observations that contradict the status.
    package var against: Against? {
        guard known.against > 0 else { return nil }
        return isUp
            ? .failing(count: known.against, of: threshold.fall, known.lastReason)
            : .recovering(count: known.against, of: threshold.rise)
    }

    /// When the observation began that led to the status.
    package var since: Timestamp { known.since.timestamp }

    /// When the last healthy observation began; nil for never.
    package var lastHealthyAt: Timestamp? { known.lastUpAt }

    /// The results of the last observations, each by itself.
    package var recent: RecentChecks { known.recent }

    /// How many observations in a row contradict the status, and how many change it.
    package enum Against: Sendable, Equatable {
        case failing(count: Int, of: Int, Reason?)
        case recovering(count: Int, of: Int)
    }
}
