import HTTPClient
package import Time

/// What is known of one target.
package struct TargetReport: Sendable, Equatable {
    /// The instance's, or the service's where it has only this target.
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

    /// The last one. It may be against the status: see `against`.
    package var observation: Observation { known.observation }

    /// Why it is not healthy.
    package var reason: Reason? { known.reason }

    /// The last observations, as far as they are against the status.
    package var against: Against? {
        guard known.against > 0 else { return nil }
        return isUp
            ? .failing(count: known.against, of: threshold.fall, known.lastReason)
            : .recovering(count: known.against, of: threshold.rise)
    }

    /// When the observation began that made the status what it is.
    package var since: Timestamp { known.since.timestamp }

    /// When the last observation that found it healthy began; nil where there has been none.
    package var lastHealthyAt: Timestamp? { known.lastUpAt }

    /// What the last observations said, each for itself, whatever the status is by them.
    package var recent: RecentChecks { known.recent }

    /// Observations in a row that are against the status, and how many would turn it.
    package enum Against: Sendable, Equatable {
        case failing(count: Int, of: Int, Reason?)
        case recovering(count: Int, of: Int)
    }
}
