/// What came back from a target: a complete response.
package struct ProbeResponse: Sendable, Hashable {
    package let status: Int

    package init(status: Int) {
        self.status = status
    }
}

/// How a probe ended: a failed probe is data, so it is returned and not thrown.
package typealias Outcome = Result<ProbeResponse, ProbeFailure>

/// Which response counts as healthy.
package struct Expectation: Sendable, Hashable {
    package let statuses: StatusSet

    package init(statuses: StatusSet) {
        self.statuses = statuses
    }

    package func judge(_ outcome: Outcome) -> Verdict {
        switch outcome {
        case .failure(let failure): .down(.probe(failure))
        case .success(let seen) where statuses.contains(seen.status): .up
        case .success(let seen): .down(.status(seen.status, expected: statuses))
        }
    }
}

/// What one observation says of its target.
package enum Verdict: Sendable, Hashable {
    case up
    case down(Reason)

    package var isUp: Bool { self == .up }
}

/// Why a target is down: the probe failed, or it succeeded and the response was not the expected one.
package enum Reason: Sendable, Hashable, CustomStringConvertible {
    case probe(ProbeFailure)
    case status(Int, expected: StatusSet)

    /// Stable and machine-readable: the API's `reason`.
    package var code: String {
        switch self {
        case .probe(let failure): failure.code
        case .status: "status"
        }
    }

    package var description: String {
        switch self {
        case .probe(let failure): failure.description
        case .status(let status, let expected): "answered \(status), expected \(expected)"
        }
    }
}
