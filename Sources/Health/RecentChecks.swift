package import Time

/// The last checks of a target or a group: time, duration and result. A ring buffer with 12 bytes for each check,
/// which grows to `limit` at most.
package struct RecentChecks: Sendable, Equatable {
    package static let limit = 120

    package struct Check: Sendable, Equatable {
        /// The start, in whole seconds.
        package let startedAt: Timestamp
        /// In microseconds, at most 71 minutes.
        package let duration: Duration
        package let result: Result

        package var isUp: Bool { result.isUp }
    }

    package enum Result: Sendable, Equatable {
        case healthy
        /// Usable, but with a defect.
        case degraded(FailureCause)
        case failed(FailureCause)

        package var isUp: Bool {
            if case .failed = self { false } else { true }
        }

        /// The defect.
        package var cause: FailureCause? {
            switch self {
            case .healthy: nil
            case .degraded(let cause), .failed(let cause): cause
            }
        }
    }

    /// A stored check, with seconds since 1970 (until 2106).
    private struct Slot: Sendable, Equatable {
        private let seconds: UInt32
        private let microseconds: UInt32
        private let code: ResultCode

        init(_ startedAt: Timestamp, _ duration: Duration, _ result: Result) {
            seconds = UInt32(clamping: startedAt.milliseconds / 1000)
            microseconds = UInt32(min(max(0, duration / .microseconds(1)), Double(UInt32.max)))
            code = ResultCode(result)
        }

        var isUp: Bool { code.isUp }

        var check: Check {
            Check(
                startedAt: Timestamp(milliseconds: Int64(seconds) * 1000),
                duration: .microseconds(Int64(microseconds)), result: code.result)
        }
    }

    private var slots: [Slot] = []
    /// The first element of the ring; 0 until the ring is full.
    private var oldest = 0

    package init() {}

    package mutating func append(startedAt: Timestamp, duration: Duration, _ result: Result) {
        let slot = Slot(startedAt, duration, result)
        guard slots.count == RecentChecks.limit else { return slots.append(slot) }
        slots[oldest] = slot
        oldest = (oldest + 1) % RecentChecks.limit
    }

    package var count: Int { slots.count }

    /// How many checks were healthy or degraded.
    package var upCount: Int { slots.count(where: \.isUp) }

    /// The oldest first.
    package var all: [Check] { (slots[oldest...] + slots[..<oldest]).map(\.check) }
}

/// The result as a byte: 0 is healthy, odd is degraded, even is failed; the rest is the number of the cause.
private struct ResultCode: Sendable, Equatable {
    private let byte: UInt8

    init(_ result: RecentChecks.Result) {
        switch result {
        case .healthy: byte = 0
        case .degraded(let cause): byte = 1 + 2 * ResultCode.number(of: cause)
        case .failed(let cause): byte = 2 + 2 * ResultCode.number(of: cause)
        }
    }

    var isUp: Bool { byte == 0 || byte % 2 == 1 }

    var result: RecentChecks.Result {
        guard byte > 0 else { return .healthy }
        let cause = FailureCause.allCases[Int(byte - 1) / 2]
        return isUp ? .degraded(cause) : .failed(cause)
    }

    private static func number(of cause: FailureCause) -> UInt8 {
        UInt8(FailureCause.allCases.firstIndex(of: cause) ?? 0)
    }
}

extension Verdict {
    var result: RecentChecks.Result {
        switch self {
        case .up: .healthy
        case .degraded(let reason): .degraded(reason.cause)
        case .down(let reason): .failed(reason.cause)
        }
    }
}

extension ServiceReport.Condition {
    var result: RecentChecks.Result {
        switch self {
        case .well: .healthy
        case .partly: .degraded(.instances)
        case .failed: .failed(.instances)
        }
    }
}
