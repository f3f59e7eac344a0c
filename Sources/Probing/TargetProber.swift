package import CurlClient
package import EventLoop
package import Health

/// Probes targets over the network: each kind of probe has a file of its own.
package final class TargetProber: Prober {
    private let loop: EventLoop
    let client: CurlClient
    let bodies: BodyJudges

    /// - Parameter client: on the same loop.
    package init(on loop: EventLoop, client: CurlClient) {
        self.loop = loop
        self.client = client
        bodies = BodyJudges(on: loop)
    }

    package func probe(_ target: Target, within limit: Duration, ended: @escaping @Sendable (Outcome) -> Void) {
        switch target.expectation {
        case .connection: connect(to: target, within: limit, ended: ended)
        case .response(_, let body): request(target, body, within: limit, ended: ended)
        }
    }

    /// Probes once, for a caller that is not on the loop.
    package func outcome(of target: Target, within limit: Duration) async -> Outcome {
        await withCheckedContinuation { continuation in
            loop.run { self.probe(target, within: limit) { continuation.resume(returning: $0) } }
        }
    }

    /// Drops all that is kept for later probes, as targets may have gone. To be called on the loop.
    package func forget() {
        client.assumeIsolated { $0.forget() }
        bodies.assumeIsolated { $0.forget() }
    }
}
