/// When the next of a series of checks begins.
package struct Pace: Sendable, Hashable {
    /// How far, as a share of the interval, a pause may be from it: nodes of a fleet that were started together do not
    /// probe what they share in step.
    private static let jitter = 0.1

    /// From the beginning of one check to that of the next.
    package let interval: Duration

    package init(interval: Duration) {
        self.interval = interval
    }

    /// The longest pause.
    package var longest: Duration { interval * (1 + Pace.jitter) }

    /// An interval, more or less, after the last check began.
    package func next(
        after startedAt: ContinuousClock.Instant, using random: inout some RandomNumberGenerator
    ) -> ContinuousClock.Instant {
        startedAt + interval * Double.random(in: (1 - Pace.jitter)...(1 + Pace.jitter), using: &random)
    }
}
