package import Time

/// The expectation of a response: a target is healthy if it holds.
package struct Expectation: Sendable, Equatable {
    package let statuses: StatusSet
    /// Of the response's fields.
    package let fields: [FieldExpectation]
    /// The expected body of responses with one of these statuses; the body of others does not matter.
    package let body: BodyExpectation?
    /// Responses that are degraded instead of unhealthy.
    package let tolerance: Tolerance?
    /// A certificate that expires within this time is degraded; nil for no check.
    package private(set) var certificateMargin: Duration?

    package init(
        _ statuses: StatusSet, fields: [FieldExpectation] = [], body: BodyExpectation? = nil,
        tolerance: Tolerance? = nil
    ) {
        self.statuses = statuses
        self.fields = fields
        self.body = body
        self.tolerance = tolerance
    }

    package func with(certificateMargin: Duration?) -> Expectation {
        var copy = self
        copy.certificateMargin = certificateMargin
        return copy
    }

    /// The verdict with regard to the expiry of a certificate.
    package func judge(_ verdict: Verdict, certificateExpiry: Timestamp?, at now: Timestamp) -> Verdict {
        guard verdict == .up, let margin = certificateMargin, let certificateExpiry else { return verdict }
        let left = Duration.milliseconds(certificateExpiry.milliseconds - now.milliseconds)
        return left < margin ? .degraded(.certificate(expiry: certificateExpiry, margin: margin)) : .up
    }

    /// For a container: its state in Docker's response, instead of status and body.
    package private(set) var container: ContainerExpectation?

    package func with(_ container: ContainerExpectation?) -> Expectation {
        var copy = self
        copy.container = container
        return copy
    }

    /// The verdict for a probe without a response. If Docker does not answer, the state of a container is unknown.
    package func verdict(on failure: Reason) -> Verdict {
        guard let container else { return .down(failure) }
        let reason = Reason.unknownContainer(detail: "\(failure)")
        return container.needsDocker ? .down(reason) : .degraded(reason)
    }

    /// What bodies must be: that of a healthy response, and that of one that is still only degraded.
    package var bodies: [BodyExpectation] {
        guard case .response(_, let tolerated?) = tolerance else { return [body].compactMap(\.self) }
        return [body, tolerated].compactMap(\.self)
    }

    /// Whether the body of a response with this status must be judged, which may take long.
    package func judgesBody(of status: Int) -> Bool {
        if container != nil || body != nil, statuses.contains(status) { return true }
        guard case .response(let tolerated, _?) = tolerance else { return false }
        return tolerated.contains(status)
    }
}

/// The expectation of a container that Docker or Podman runs: it is running, healthy, and does not restart.
package struct ContainerExpectation: Sendable, Equatable {
    /// Whether the container is unhealthy if Docker does not answer; otherwise its state is unknown, which is
    /// degraded.
    package let needsDocker: Bool

    package init(needsDocker: Bool = false) {
        self.needsDocker = needsDocker
    }
}

/// The responses that are degraded instead of unhealthy.
package enum Tolerance: Sendable, Equatable {
    case response(StatusSet, body: BodyExpectation?)
    /// A 503 of Loki, Tempo or Mimir whose body names another instance of their ring.
    /// - Parameter ringAddress: the server's own address in the ring, with or without a port, if it is known.
    case peer(ringAddress: String?)
}

extension Expectation: CustomStringConvertible {
    /// Such as `200-299, body contains "ready"`.
    package var description: String {
        let fields = fields.map { field in
            ", \(field.name) \(field.comparisons.map(\.description).joined(separator: " and "))"
        }
        if container != nil { return "running, and healthy by its HEALTHCHECK" }
        return statuses.description + fields.joined() + (body.map { ", body \($0)" } ?? "")
    }
}
