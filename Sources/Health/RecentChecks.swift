package import Time

/// The last checks of one target, or of one group: when, how long, and whether they were well. A ring of 8 bytes a check,
/// which grows with the checks that there are, and no further than `limit`.
package struct RecentChecks: Sendable, Equatable {
    package static let limit = 120

    package struct Check: Sendable, Equatable {
        /// When it began, to the second.
        package let startedAt: Timestamp
        /// To the microsecond, and at most 35 minutes.
        package let duration: Duration
        package let isUp: Bool
    }

    /// A check as it is kept: seconds since 1970 (until 2106), and microseconds with the verdict as the lowest bit.
    private struct Slot: Sendable, Equatable {
        let seconds: UInt32
        let bits: UInt32

        init(_ startedAt: Timestamp, _ duration: Duration, isUp: Bool) {
            seconds = UInt32(clamping: startedAt.milliseconds / 1000)
            let microseconds = min(max(0, duration / .microseconds(1)), Double(UInt32.max >> 1))
            bits = UInt32(microseconds) << 1 | (isUp ? 1 : 0)
        }

        var isUp: Bool { bits & 1 == 1 }

        var check: Check {
            Check(
                startedAt: Timestamp(milliseconds: Int64(seconds) * 1000), duration: .microseconds(Int64(bits >> 1)),
                isUp: isUp)
        }
    }

    private var slots: [Slot] = []
    /// Where the ring begins: always 0 until it is full.
    private var oldest = 0

    package init() {}

    package mutating func append(startedAt: Timestamp, duration: Duration, isUp: Bool) {
        let slot = Slot(startedAt, duration, isUp: isUp)
        guard slots.count == RecentChecks.limit else { return slots.append(slot) }
        slots[oldest] = slot
        oldest = (oldest + 1) % RecentChecks.limit
    }

    package var count: Int { slots.count }

    /// How many of them were well.
    package var upCount: Int { slots.count(where: \.isUp) }

    /// The oldest first.
    package var all: [Check] { (slots[oldest...] + slots[..<oldest]).map(\.check) }
}
