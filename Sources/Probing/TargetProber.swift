package import CurlClient
package import EventLoop
package import Health
import Time

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

    package func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void) {
        let call = ProbeCall(target: target, limit: limit, startedAt: .now, ended: ended)
        switch target.probe {
        case .http(let request, let expectation): send(request, expectation, call)
        case .connect(let url): connect(to: url, call)
        case .database(let database, let url): ask(database, at: url, call)
        }
    }

    /// Probes once, for a caller that is not on the loop.
    package func outcome(of target: Target, within limit: ProbeLimit) async -> Outcome {
        await withCheckedContinuation { continuation in
            loop.run { self.probe(target, within: limit) { continuation.resume(returning: $0) } }
        }
    }

    /// Makes the threads that probes of these targets need, as they may not be had later. To be called on the loop.
    package func prepare(for targets: [Target]) {
        if targets.contains(where: { CurlClient.looksUp($0.probe.url) }) {
            client.assumeIsolated { $0.prepareLookups() }
        }
        bodies.assumeIsolated { $0.prepare(for: targets.compactMap(\.probe.expectation)) }
    }

    /// Drops what is kept for later probes, except the readers of these targets' bodies, with their counters. To be called on the
    /// loop.
    package func forget(but targets: [Target] = []) {
        client.assumeIsolated { $0.forget() }
        bodies.assumeIsolated { $0.forget(but: targets) }
    }
}

extension Probe {
    fileprivate var expectation: Expectation? {
        if case .http(_, let expectation) = self { expectation } else { nil }
    }
}

/// What is the same for every kind of probe.
struct ProbeCall: Sendable {
    /// Under its id, things are kept for its next probe.
    let target: Target
    let limit: ProbeLimit
    let startedAt: Instant
    /// To be called once, on the loop.
    let ended: @Sendable (Outcome) -> Void
}
