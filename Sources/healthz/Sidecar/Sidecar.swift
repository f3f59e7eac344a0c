import ArgumentParser
import Clock
import Configuration
import EventLoop
import Glibc
import HTTPServer
import HTTPWire
import Health
import Logging

/// The server in its life: start, changes of state, reloads, draining, end.
struct Sidecar {
    typealias Load = () throws(ConfigurationError) -> Configuration

    private enum Event: Sendable {
        case signal(Int32)
        case drained
    }

    private let loop: EventLoop
    private let log: StateLog
    private let engine: Engine
    private let responder: HealthResponder
    private let server: Server
    private let manager = ServiceManager(Terminal.environment)

    init(_ configuration: Configuration, on loop: EventLoop) {
        let log = StateLog(configuration, on: loop)
        let engine = Engine(configuration, on: loop) { transition in log.assumeIsolated { $0.changed(transition) } }
        let responder = HealthResponder(configuration, engine.aggregator, on: loop)
        self.loop = loop
        self.log = log
        self.engine = engine
        self.responder = responder
        server = Server(
            on: loop, limits: Server.Limits(configuration.clientLimits),
            reached: { limit in log.assumeIsolated { $0.reached(limit) } },
            handler: { head, peer in responder.assumeIsolated { $0.reply(to: head, from: peer) } })
    }

    /// Runs until a signal ends it.
    /// - Parameters:
    ///   - load: makes the configuration anew, when SIGHUP asks for it; without it, SIGHUP ends the process as it does
    ///     by default.
    ///   - mayMove: take any free port where that of `address` is taken.
    ///   - started: called with the address that it turned out to be.
    func serve(
        _ configuration: Configuration, load: Load? = nil, orOnAnyPort mayMove: Bool = false,
        started: (ListenAddress) -> Void = { _ in }
    ) async throws {
        Signals.ignoreBrokenPipes()
        let clock = LoopTimer.holdingDescriptor(on: loop)
        let events = EventQueue<Event>(on: loop)
        let numbers = [SIGTERM, SIGINT] + (load == nil ? [] : [SIGHUP])
        let signals = Signals(numbers, on: loop) { number in events.assumeIsolated { $0.add(.signal(number)) } }
        try await engine.start()
        await responder.watch(server)
        await server.tell(ofExchanges: configuration.accessLog ? log.exchangeLog : nil)
        let bound =
            if let passed = try await listenOnPassed() { passed } else {
                [try await listen(on: ListenAddress(configuration.listen), configuration, orOnAnyPort: mayMove)]
            }
        for address in bound { started(address) }
        await log.started(on: bound, configuration)
        let feeder = manager.feedWatchdog(on: loop)
        await feeder?.start()
        manager.tell(.ready)
        let settling = LoopTimer(on: loop) { Footprint.trim() }
        settling.wake(by: .now + Footprint.settling)

        let last = await waitForEnd(events, configuration, load)
        manager.tell(.stopping)
        await server.stop(within: last.deadline + .seconds(1))
        withExtendedLifetime((signals, feeder, clock, settling)) {}
        await log.ended()
    }

    /// Returns when draining is over, or was not asked for, with the configuration that was in force last.
    private func waitForEnd(
        _ events: EventQueue<Event>, _ first: Configuration, _ load: Load?
    ) async -> Configuration {
        let timer = LoopTimer(on: loop) { events.assumeIsolated { $0.add(.drained) } }
        var configuration = first
        var isDraining = false
        while true {
            switch await events.next() {
            case .signal(SIGHUP):
                if !isDraining, let load, let next = await reload(configuration, load) { configuration = next }
            case .signal(SIGTERM) where !isDraining && configuration.drain > .zero:
                isDraining = true
                manager.tell(.stopping)
                await responder.drain()
                await engine.rest()
                await server.stopKeepingAlive()
                await log.draining(configuration.drain)
                timer.wake(by: .now + configuration.drain)
            case .signal, .drained:
                await log.stopping()
                return configuration
            }
        }
    }

    /// - Returns: what is in force from now on; nil where all stays as it is.
    private func reload(_ present: Configuration, _ load: Load) async -> Configuration? {
        manager.tell(.reloading)
        defer { manager.tell(.ready) }
        do {
            // Reads files, and so not on the loop.
            let next = try load()
            await adopt(next)
            await log.reloaded(next, after: present)
            return next
        } catch {
            await responder.reloadFailed(at: Moment.now.timestamp)
            await log.reloadFailed(error.mistakes)
            return nil
        }
    }

    /// All of it between two turns of the loop, so that no answer mixes two configurations.
    private func adopt(_ next: Configuration) async {
        let exchangeLog = next.accessLog ? log.exchangeLog : nil
        let now = Moment.now.timestamp
        await loop.perform { [engine, responder, log, server] in
            engine.assumeIsolated { $0.adopt(next) }
            responder.assumeIsolated { $0.adopt(next, at: now) }
            log.assumeIsolated { $0.adopt(next) }
            server.assumeIsolated {
                $0.adopt(Server.Limits(next.clientLimits))
                $0.tell(ofExchanges: exchangeLog)
            }
        }
    }

    /// - Returns: nil where no sockets were passed: then `listen` says where.
    private func listenOnPassed() async throws -> [ListenAddress]? {
        do {
            var bound: [ListenAddress] = []
            for descriptor in try PassedSockets.descriptors(Terminal.environment) {
                bound.append(try await server.listen(onPassed: descriptor))
            }
            return bound.isEmpty ? nil : bound
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.unavailable
        }
    }

    private func listen(
        on address: ListenAddress, _ configuration: Configuration, orOnAnyPort mayMove: Bool
    ) async throws -> ListenAddress {
        do {
            return try await server.listen(on: address)
        } catch let error as ListenError {
            if mayMove, error.cause == .inUse, case .tcp(let host, _) = address {
                return try await listen(on: .tcp(host: host, port: 0), configuration, orOnAnyPort: false)
            }
            Terminal.complain(complaint(error, configuration))
            throw error.cause == .system ? ExitCode.system : ExitCode.unavailable
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.system
        }
    }

    private func complaint(_ error: ListenError, _ configuration: Configuration) -> String {
        let place = configuration.settings.first { $0.setting == .listen }?.place ?? Setting.listen.variable
        let hint = error.cause == .inUse ? " (port 0 lets the kernel choose a free one)" : ""
        return "\(place): \(error)\(hint)"
    }
}

extension Server.Limits {
    fileprivate init(_ limits: Configuration.ClientLimits) {
        self.init()
        connections = Descriptors.connections(atMost: limits.connections)
        connectionsOfClient = limits.connectionsPerClient
        pipelined = limits.pipelinedRequests
        requests = limits.requestsPerConnection
        machine.head.headBytes = limits.headBytes
        machine.head.requestLineBytes = min(machine.head.requestLineBytes, limits.headBytes)
        machine.head.fieldLines = limits.fields
        head = limits.head
        content = limits.head
        idle = limits.idle
        writeStall = limits.write
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
