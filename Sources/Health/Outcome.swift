/// The end of a probe. A failed probe is data, so it is returned, not thrown.
package struct Outcome: Sendable, Equatable {
    /// The status of the response; nil if there is none.
    package let status: Int?
    package let verdict: Verdict

    package init(status: Int?, _ verdict: Verdict) {
        self.status = status
        self.verdict = verdict
    }

    /// There was no response.
    package static func failed(_ reason: Reason) -> Outcome {
        Outcome(status: nil, .down(reason))
    }
}

/// The judgement of one observation.
package enum Verdict: Sendable, Equatable {
    case up
    /// The target can be used, but has a defect.
    case degraded(Reason)
    case down(Reason)

    /// Whether the target can be used.
    package var isUp: Bool {
        if case .down = self { false } else { true }
    }

    package var reason: Reason? {
        switch self {
        case .up: nil
        case .degraded(let reason), .down(let reason): reason
        }
    }
}
