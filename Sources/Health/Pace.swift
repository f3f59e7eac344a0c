package import Time

/// Computes when the next check at an interval begins.
package struct Pace: Sendable, Hashable {
    /// From the beginning of a check to the beginning of the next.
    package let interval: Duration

    package init(interval: Duration) {
        self.interval = interval
    }

    /// The random share of each pause, so that nodes that started together do not probe a shared service at the same
    /// time.
    package var jitter: Duration { interval / 10 }

    /// The interval with its random share, after the start of the last check.
    package func next(
        after startedAt: Instant, using random: inout some RandomNumberGenerator
    ) -> Instant {
        startedAt + interval + jitter * Double.random(in: -1...1, using: &random)
    }
}
