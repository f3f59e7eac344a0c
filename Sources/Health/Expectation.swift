/// What came back from a target.
package struct ProbeResponse: Sendable, Equatable {
    /// nil where a connection was all that was asked for.
    package let status: Int?
    /// What is not as expected in the body of an expected status.
    package let mismatch: BodyMismatch?

    package init(status: Int?, mismatch: BodyMismatch? = nil) {
        self.status = status
        self.mismatch = mismatch
    }
}

/// How a probe ended: a failed probe is data, so it is returned and not thrown.
package typealias Outcome = Result<ProbeResponse, ProbeFailure>

/// What counts as healthy.
package enum Expectation: Sendable, Equatable {
    /// That something takes the connection.
    case connection
    case response(StatusSet, body: BodyExpectation? = nil)

    package func judge(_ outcome: Outcome) -> Verdict {
        switch (outcome, self) {
        case (.failure(let failure), _):
            return .down(.probe(failure))
        case (.success, .connection):
            return .up
        case (.success(let response), .response(let statuses, _)):
            guard let status = response.status, statuses.contains(status) else {
                return .down(.status(response.status ?? 0, expected: statuses))
            }
            return response.mismatch.map { .down(.body($0)) } ?? .up
        }
    }

    /// What the body of a response with that status must be: where the status is wrong, the body does not matter.
    package func body(of status: Int) -> BodyExpectation? {
        guard case .response(let statuses, let body) = self, statuses.contains(status) else { return nil }
        return body
    }
}

extension Expectation: CustomStringConvertible {
    /// Such as `200-299, body contains "ready"`.
    package var description: String {
        switch self {
        case .connection: "a connection"
        case .response(let statuses, nil): "\(statuses)"
        case .response(let statuses, let body?): "\(statuses), body \(body)"
        }
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

/// Why a target is down: the probe failed, or it succeeded and the response was not the expected one.
package enum Reason: Sendable, Equatable, CustomStringConvertible {
    case probe(ProbeFailure)
    case status(Int, expected: StatusSet)
    case body(BodyMismatch)
    /// Of a service with instances: too few of them are healthy.
    case instances(healthy: Int, of: Int, required: Int)

    package var cause: FailureCause {
        switch self {
        case .probe(let failure): failure.cause
        case .status: .status
        case .body: .body
        case .instances: .instances
        }
    }

    /// The API's `reason`.
    package var code: String { cause.rawValue }

    package var description: String {
        switch self {
        case .probe(let failure): failure.description
        case .status(let status, let expected): "answered \(status), expected \(expected)"
        case .body(let mismatch): mismatch.description
        case .instances(let healthy, let all, let required):
            "\(healthy) of \(all) instances \(healthy == 1 ? "is" : "are") healthy, \(required) required"
        }
    }
}
