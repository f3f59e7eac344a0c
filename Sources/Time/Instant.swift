import CSystem

/// A point in time by the system's clock that never goes back and counts suspension too (CLOCK_BOOTTIME).
///
/// What `ContinuousClock.Instant` is, but of a size that the compiler knows: that one's is known only when the program runs,
/// and so is that of whatever holds it (docs/decisions.md).
package struct Instant: Hashable, Comparable, Sendable {
    private let nanoseconds: Int64

    package static var now: Instant { Instant(nanoseconds: healthz_nanoseconds_since_boot()) }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Ends at the clock's bounds, 292 years away.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: saturated(instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)))
    }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: saturated(instant.nanoseconds.subtractingReportingOverflow(duration.wholeNanoseconds)))
    }

    package static func - (later: Instant, earlier: Instant) -> Duration {
        .nanoseconds(saturated(later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)))
    }

    private init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// An overflow leaves the sign of what it would have been turned round.
    private static func saturated(_ result: (partialValue: Int64, overflow: Bool)) -> Int64 {
        guard result.overflow else { return result.partialValue }
        return result.partialValue < 0 ? .max : .min
    }
}

extension Duration {
    /// Longer than 292 years is cut to that.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowsToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflowsToo else { return seconds < 0 ? .min : .max }
        return sum
    }
}
