import ArgumentParser
import Configuration
import EventLoop
import Glibc
import HTTPServer
import HTTPWire
import Health
import Logging

/// The server in its life: start, changes of state, draining, end.
struct Sidecar {
    private enum Event: Sendable {
        case signal(Int32)
        case drained
    }

    private let configuration: Configuration
    private let loop: EventLoop
    private let log: StateLog
    private let engine: Engine
    private let responder: HealthResponder
    private let server: Server

    init(_ configuration: Configuration, on loop: EventLoop) {
        let log = StateLog(configuration)
        let engine = Engine(configuration, on: loop, changed: log.changed)
        let responder = HealthResponder(engine.aggregator, maxAge: configuration.cache, on: loop)
        self.configuration = configuration
        self.loop = loop
        self.log = log
        self.engine = engine
        self.responder = responder
        var limits = Server.Limits()
        limits.connections = Descriptors.connections(atMost: limits.connections)
        server = Server(
            on: loop, limits: limits, answered: configuration.accessLog ? log.answered : nil, exhausted: log.exhausted,
            handler: { head, _ in responder.assumeIsolated { $0.reply(to: head) } })
    }

    /// Runs until a signal ends it.
    /// - Parameters:
    ///   - mayMove: take any free port where that of `address` is taken.
    ///   - started: called with the address that it turned out to be.
    func serve(
        on address: Listen, orOnAnyPort mayMove: Bool = false, started: (ListenAddress) -> Void = { _ in }
    ) async throws {
        Signals.ignoreBrokenPipes()
        let (events, sink) = AsyncStream<Event>.makeStream()
        let signals = Signals([SIGTERM, SIGINT], on: loop) { sink.yield(.signal($0)) }
        try await engine.start()
        let bound = try await listen(on: ListenAddress(address), orOnAnyPort: mayMove)
        started(bound)
        log.started(on: bound, configuration)

        await waitForEnd(events, sink)
        await server.stop(within: configuration.deadline + .seconds(1))
        withExtendedLifetime(signals) {}
        log.ended()
    }

    /// Returns when draining is over, or was not asked for.
    private func waitForEnd(_ events: AsyncStream<Event>, _ sink: AsyncStream<Event>.Continuation) async {
        let timer = LoopTimer(on: loop) { sink.yield(.drained) }
        var isDraining = false
        for await event in events {
            guard case .signal(SIGTERM) = event, !isDraining, configuration.drain > .zero else {
                log.stopping()
                return
            }
            isDraining = true
            await responder.drain()
            await server.stopKeepingAlive()
            log.draining(configuration.drain)
            timer.wake(by: .now + configuration.drain)
        }
    }

    private func listen(on address: ListenAddress, orOnAnyPort mayMove: Bool) async throws -> ListenAddress {
        do {
            return try await server.listen(on: address)
        } catch let error as ListenError {
            if mayMove, error.cause == .inUse, case .tcp(let host, _) = address {
                return try await listen(on: .tcp(host: host, port: 0), orOnAnyPort: false)
            }
            Terminal.complain(complaint(error))
            throw error.cause == .system ? ExitCode.system : ExitCode.unavailable
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.system
        }
    }

    private func complaint(_ error: ListenError) -> String {
        let place = configuration.settings.first { $0.setting == .listen }?.place ?? Setting.listen.variable
        let hint = error.cause == .inUse ? " (port 0 lets the kernel choose a free one)" : ""
        return "\(place): \(error)\(hint)"
    }
}

extension ListenAddress {
    init(_ setting: Listen) {
        switch setting {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }

    /// As a client writes it.
    var url: String {
        if case .unix = self { return description }
        return "http://\(self)"
    }
}
