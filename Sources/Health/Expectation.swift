/// What a response must be for its target to be healthy.
package struct Expectation: Sendable, Equatable {
    package let statuses: StatusSet
    /// Of a response with one of these statuses; the body of any other does not matter.
    package let body: BodyExpectation?
    /// What is degraded, and not unhealthy, where a response is not as it must be to be healthy.
    package let tolerance: Tolerance?

    package init(_ statuses: StatusSet, body: BodyExpectation? = nil, tolerance: Tolerance? = nil) {
        self.statuses = statuses
        self.body = body
        self.tolerance = tolerance
    }

    /// Whether the body of a response with that status has to be judged, which may take its time.
    package func judgesBody(of status: Int) -> Bool {
        if body != nil, statuses.contains(status) { return true }
        guard case .response(let tolerated, _?) = tolerance else { return false }
        return tolerated.contains(status)
    }
}

/// What still is not unhealthy.
package enum Tolerance: Sendable, Equatable {
    case response(StatusSet, body: BodyExpectation?)
    /// A 503 of Loki, Tempo or Mimir whose body names another instance of their ring.
    /// - Parameter ringAddress: the server's own address in the ring, with or without a port, where it is known.
    case peer(ringAddress: String?)
}

extension Expectation: CustomStringConvertible {
    /// Such as `200-299, body contains "ready"`.
    package var description: String {
        body.map { "\(statuses), body \($0)" } ?? statuses.description
    }
}
