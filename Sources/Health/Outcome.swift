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
    case down(Reason)

    package var isUp: Bool { self == .up }

    package var reason: Reason? {
        if case .down(let reason) = self { reason } else { nil }
    }
}
