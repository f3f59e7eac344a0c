import CSystem

/// A point in time by the system's clock that never goes back and counts suspension too (CLOCK_BOOTTIME).
///
/// Like `ContinuousClock.Instant`, but of a size that the compiler knows. That type's size is known only at run time,
/// as is that of every type that contains it (docs/decisions.md).
package struct Instant: Hashable, Comparable, Sendable {
    private let nanoseconds: Int64

    package static var now: Instant { Instant(nanoseconds: healthz_nanoseconds_since_boot()) }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Clamped to the clock's bounds, 292 years away.
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

    /// After an overflow, the sign of the result is wrong.
    private static func saturated(_ result: (partialValue: Int64, overflow: Bool)) -> Int64 {
        guard result.overflow else { return result.partialValue }
        return result.partialValue < 0 ? .max : .min
    }
}

extension Duration {
    /// Clamped to 292 years.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowsToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflowsToo else { return seconds < 0 ? .min : .max }
        return sum
    }
}
