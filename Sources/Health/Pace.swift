package import Time

/// When the next of a series of checks begins.
package struct Pace: Sendable, Hashable {
    /// From the beginning of one check to that of the next.
    package let interval: Duration

    package init(interval: Duration) {
        self.interval = interval
    }

    /// How much longer or shorter a pause may be: nodes of a fleet that were started together do not probe what they
    /// share in step.
    package var jitter: Duration { interval / 10 }

    /// An interval, more or less, after the last check began.
    package func next(
        after startedAt: Instant, using random: inout some RandomNumberGenerator
    ) -> Instant {
        startedAt + interval + jitter * Double.random(in: -1...1, using: &random)
    }
}
