import ArgumentParser
import Configuration
import EventLoop
import Health
import Probing

/// What finds out whether the services are healthy: the prober, and the aggregator over it.
struct Engine: Sendable {
    static let userAgent = "healthz/\(Healthz.version)"

    let aggregator: Aggregator
    private let prober: CurlProber

    /// - Parameter changed: told of every change of a service's status.
    init(
        _ configuration: Configuration, on loop: EventLoop, changed: @escaping @Sendable (Transition) -> Void = { _ in }
    ) {
        prober = CurlProber(on: loop, userAgent: Engine.userAgent)
        aggregator = Aggregator(
            on: loop, targets: configuration.targets, deadline: configuration.deadline, prober: prober,
            clock: { .now }, changed: changed)
    }

    /// Must be called once, before the first check.
    func start() async throws {
        do {
            try await prober.start()
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.system
        }
    }
}
