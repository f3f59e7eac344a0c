/// How a probe ended. A failed probe is data, so it is returned and not thrown.
package struct Outcome: Sendable, Equatable {
    /// The status of the response, where there is one to judge.
    package let status: Int?
    package let verdict: Verdict

    package init(status: Int?, _ verdict: Verdict) {
        self.status = status
        self.verdict = verdict
    }

    /// There is nothing to judge.
    package static func failed(_ reason: Reason) -> Outcome {
        Outcome(status: nil, .down(reason))
    }
}

/// What one observation says of its target.
package enum Verdict: Sendable, Equatable {
    case up
    /// It can be used, but something is wrong.
    case degraded(Reason)
    case down(Reason)

    /// Whether it can be used.
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
