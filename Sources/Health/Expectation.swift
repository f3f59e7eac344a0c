package import Time

/// What a response must be for its target to be healthy.
package struct Expectation: Sendable, Equatable {
    package let statuses: StatusSet
    /// Of the response's fields.
    package let fields: [FieldExpectation]
    /// Of a response with one of these statuses; the body of any other does not matter.
    package let body: BodyExpectation?
    /// What is degraded, and not unhealthy, where a response is not as it must be to be healthy.
    package let tolerance: Tolerance?
    /// A server whose certificate expires within this time is degraded; nil for any.
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

    /// What `verdict` is, where a certificate expires then.
    package func judge(_ verdict: Verdict, certificateExpiry: Timestamp?, at now: Timestamp) -> Verdict {
        guard verdict == .up, let margin = certificateMargin, let certificateExpiry else { return verdict }
        let left = Duration.milliseconds(certificateExpiry.milliseconds - now.milliseconds)
        return left < margin ? .degraded(.certificate(expiry: certificateExpiry, margin: margin)) : .up
    }

    /// For a container: its state in Docker's words, instead of a status and a body.
    package private(set) var container: ContainerExpectation?

    package func with(_ container: ContainerExpectation?) -> Expectation {
        var copy = self
        copy.container = container
        return copy
    }

    /// Why a probe has failed that got no response. Of a container, Docker's silence says nothing.
    package func verdict(on failure: Reason) -> Verdict {
        guard let container else { return .down(failure) }
        let reason = Reason.unknownContainer(detail: "\(failure)")
        return container.needsDocker ? .down(reason) : .degraded(reason)
    }

    /// Whether the body of a response with that status has to be judged, which may take its time.
    package func judgesBody(of status: Int) -> Bool {
        if container != nil || body != nil, statuses.contains(status) { return true }
        guard case .response(let tolerated, _?) = tolerance else { return false }
        return tolerated.contains(status)
    }
}

/// What is expected of a container that Docker or Podman runs: that it runs, is healthy, and does not restart.
package struct ContainerExpectation: Sendable, Equatable {
    /// Whether it is unhealthy if Docker itself does not answer; else its state is unknown, which is degraded.
    package let needsDocker: Bool

    package init(needsDocker: Bool = false) {
        self.needsDocker = needsDocker
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
        let fields = fields.map { field in
            ", \(field.name) \(field.comparisons.map(\.description).joined(separator: " and "))"
        }
        if container != nil { return "running, and healthy by its HEALTHCHECK" }
        return statuses.description + fields.joined() + (body.map { ", body \($0)" } ?? "")
    }
}
