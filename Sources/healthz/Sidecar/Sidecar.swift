import API
import ArgumentParser
import Configuration
import EventLoop
import Glibc
import HTTPServer
import HTTPWire
import Health
import Logging
import Sockets
import Time

/// The life of the server: start, changes of state, reloads, draining, end.
///
/// It runs on the loop, like its parts: otherwise the start would switch threads at each step, and Dispatch would
/// make a new thread for nearly each of them.
actor Sidecar {
    /// Reads files, so it does not run on the loop.
    typealias Load = @Sendable () throws(ConfigurationError) -> Configuration

    /// How long registries may take after the drain.
    private static let farewell = Duration.seconds(1)

    private nonisolated let loop: EventLoop
    private let log: StateLog
    private let engine: Engine
    private let registrars: Registrars
    private let responder: HealthResponder
    private let server: Server
    private let manager = ServiceManager(Terminal.environment)
    /// For reading files.
    private let reader = Workers(1)
    /// The configuration in force.
    private var configuration: Configuration
    private var loadedAt: Timestamp
    /// Set while the node is draining.
    private var draining: LoopTimer?
    private var maintenance: MaintenanceFile?
    private var ending: LoopTimer?
    private var secrets: SecretWatch?
    /// How many configurations are being read.
    private var reloads = 0
    private var isOver = false
    private var whenOver: CheckedContinuation<Void, Never>?
    private var ended: @Sendable () -> Void = {}

    init(_ configuration: Configuration, on loop: EventLoop) {
        let loadedAt = Moment.now.timestamp
        let log = StateLog(configuration, on: loop)
        let registrars = Registrars(on: loop)
        let engine = Engine(
            configuration, on: loop, changed: { transition in log.assumeIsolated { $0.changed(transition) } },
            checked: { report in registrars.assumeIsolated { $0.checked(report) } })
        let responder = HealthResponder(
            on: loop, engine.aggregator, HealthResponder.Settings(configuration, loadedAt: loadedAt),
            from: Origin(version: Healthz.version, node: HostName.own ?? "this machine"))
        self.loop = loop
        self.configuration = configuration
        self.loadedAt = loadedAt
        self.log = log
        self.engine = engine
        self.registrars = registrars
        self.responder = responder
        server = Server(
            on: loop, limits: ServerLimits(configuration),
            limitReached: { limit in log.assumeIsolated { $0.reached(limit) } },
            handler: { head, peer, reply in
                responder.assumeIsolated { $0.respond(to: head, from: peer, by: reply) }
            })
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Runs until a signal ends it.
    /// - Parameters:
    ///   - load: reads the configuration again for SIGHUP. Without it, SIGHUP ends the process as by default.
    ///   - mayMove: use any free port if that of `address` is in use.
    ///   - started: called on the loop with the actual address.
    ///   - ended: called on the loop after a signal has ended the server. The main actor may have no thread by then.
    func serve(
        load: Load? = nil, orOnAnyPort mayMove: Bool = false, started: @Sendable (ListenAddress) -> Void = { _ in },
        ended: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.ended = ended
        Signals.ignoreBrokenPipes()
        let numbers = [SIGTERM, SIGINT] + (load == nil ? [] : [SIGHUP])
        let signals = Signals(numbers, on: loop) { number in self.assumeIsolated { $0.received(number, load) } }
        if load != nil { reader.prepare() }
        await secrets?.goOn()
        await registrars.watch { [log, responder] event in
            log.assumeIsolated { $0.discovery(event) }
            responder.assumeIsolated { $0.reportsAreOutOfDate() }
        }
        await registrars.adopt(configuration)
        try await engine.start()
        watchForMaintenance()
        await responder.readServerFigures { [weak server, process = ProcessReader(), registrars] in
            ServerFigures(server, process, registrars)
        }
        await responder.readDiscovery { [registrars] in registrars.assumeIsolated { $0.figures } }
        await server.logExchanges(to: configuration.accessLog ? log.exchangeLog : nil)
        let bound =
            if let passed = try await listenOnPassed() { passed } else {
                [try await listen(on: configuration.listen, orOnAnyPort: mayMove)]
            }
        for address in bound { started(address) }
        await log.started(on: bound, configuration)
        let feeder = manager.feedWatchdog(on: loop)
        await feeder?.start()
        manager.tell(.ready)
        let settling = LoopTimer(on: loop) { Footprint.trim() }
        settling.wake(by: .now + Footprint.settling)

        if !isOver { await withCheckedContinuation { whenOver = $0 } }
        manager.tell(.stopping)
        await server.stop(within: configuration.deadline + .seconds(1))
        await registrars.gone()
        await log.ended()
        withExtendedLifetime((signals, feeder, settling)) {}
        ended()
    }

    private func received(_ signal: Int32, _ load: Load?) {
        guard !isOver else { return }
        switch signal {
        case SIGHUP:
            if let load, draining == nil { reload(load) }
        case SIGTERM where draining == nil && configuration.drain > .zero: drain()
        default:
            // A second signal ends the draining.
            if draining != nil { registrars.assumeIsolated { $0.end() } }
            end(by: signal == SIGINT ? "SIGINT" : "SIGTERM")
        }
    }

    private func watchForMaintenance() {
        maintenance = configuration.maintenanceFile.map { path in
            MaintenanceFile(path, on: loop) { [weak self] in
                self?.assumeIsolated { $0.maintenance?.look() }
            } changed: { [responder, registrars, log] reason in
                responder.assumeIsolated { $0.maintain(reason) }
                registrars.assumeIsolated { $0.maintain(reason != nil) }
                log.assumeIsolated { $0.maintenance(reason) }
            }
        }
        if let maintenance { return maintenance.look() }
        responder.assumeIsolated { $0.maintain(nil) }
        registrars.assumeIsolated { $0.maintain(false) }
    }

    private func drain() {
        manager.tell(.stopping)
        // First, so that clients that find the node by name leave while it still answers.
        registrars.assumeIsolated { $0.drain() }
        responder.assumeIsolated { $0.drain() }
        engine.assumeIsolated { $0.stopChecking() }
        server.assumeIsolated { $0.stopKeepingAlive() }
        let time = configuration.drain
        log.assumeIsolated { $0.draining(time) }
        draining = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.end() } }
        draining?.wake(by: .now + time)
    }

    /// - Parameter signal: which asks for it; nil if the time of draining is over.
    private func end(by signal: String? = nil) {
        guard !isOver else { return }
        isOver = true
        registrars.assumeIsolated { $0.leave(by: .now + Sidecar.farewell) }
        log.assumeIsolated { $0.stopping(by: signal) }
        Backstop.exit(within: configuration.deadline + Backstop.margin)
        guard Workers.dispatchCanMakeThreads else { return endWithoutTasks() }
        whenOver?.resume()
        whenOver = nil
    }

    /// If no thread can be made, `serve` cannot continue: running work has a second to end.
    private func endWithoutTasks() {
        manager.tell(.stopping)
        server.assumeIsolated { $0.stopKeepingAlive() }
        ending = LoopTimer(on: loop) { [weak self] in
            self?.assumeIsolated {
                $0.log.assumeIsolated { $0.ended() }
                $0.ended()
            }
        }
        ending?.wake(by: .now + .seconds(1))
    }

    private func reload(_ load: @escaping Load) {
        reloads += 1
        manager.tell(.reloading)
        let failure = reader.run { [loop] in
            let loaded = Result { () throws(ConfigurationError) in try load() }
            loop.run { self.assumeIsolated { $0.loaded(loaded) } }
        }
        // The log has no thread either, so SIGHUP does nothing.
        if failure != nil { reloads -= 1 }
    }

    private func loaded(_ loaded: Result<Configuration, ConfigurationError>) {
        reloads -= 1
        // The server may have stopped meanwhile: then nothing is started.
        guard draining == nil, !isOver else { return }
        switch loaded {
        case .success(let next):
            let former = configuration
            loadedAt = Moment.now.timestamp
            adopt(next)
            responder.assumeIsolated { [loadedAt] in $0.adopt(HealthResponder.Settings(next, loadedAt: loadedAt)) }
            log.assumeIsolated { $0.reloaded(next, after: former) }
            secrets?.assumeIsolated { $0.goOn() }
        case .failure(let error):
            responder.assumeIsolated { $0.reloadFailed(at: Moment.now.timestamp) }
            log.assumeIsolated { $0.reloadFailed(error) }
        }
        // Not for a reload that another reload has followed: it would be taken for the configuration in force.
        if reloads == 0 { manager.tell(.ready) }
    }

    /// All in one turn of the loop, together with the responder, so that no answer mixes two configurations.
    private func adopt(_ next: Configuration) {
        let former = configuration
        configuration = next
        if next.maintenanceFile != former.maintenanceFile { watchForMaintenance() }
        engine.assumeIsolated { $0.adopt(next) }
        registrars.assumeIsolated { $0.adopt(next) }
        server.assumeIsolated {
            $0.adopt(ServerLimits(next))
            $0.logExchanges(to: next.accessLog ? log.exchangeLog : nil)
        }
        log.assumeIsolated { $0.adopt(next) }
    }

    /// Before `serve`: from then on, files of secrets are read again when they have changed.
    func renewSecrets(of source: ConfigurationSource) {
        secrets = SecretWatch(source, on: loop, by: reader) { [weak self] renewal in
            self?.assumeIsolated { $0.secretsHaveChanged(renewal) }
        }
        responder.assumeIsolated { $0.readSecrets { source.secrets } }
    }

    private func secretsHaveChanged(_ renewal: SecretWatch.Renewal) {
        guard draining == nil, !isOver else { return }
        if let next = renewal.configuration {
            adopt(next)
            responder.assumeIsolated { [loadedAt] in
                $0.renewSecrets(HealthResponder.Settings(next, loadedAt: loadedAt))
            }
            log.assumeIsolated { $0.renewed(renewal.files) }
        } else {
            responder.assumeIsolated { $0.reportsAreOutOfDate() }
        }
        if let error = renewal.refusal { log.assumeIsolated { $0.renewalFailed(error) } }
    }

    /// - Returns: nil if no sockets were passed: then the setting `listen` counts.
    private func listenOnPassed() async throws -> [ListenAddress]? {
        do {
            var bound: [ListenAddress] = []
            for descriptor in try PassedSockets.descriptors(Terminal.environment) {
                bound.append(try await server.listen(onPassed: descriptor))
            }
            return bound.isEmpty ? nil : bound
        } catch {
            Terminal.printError("\(error)")
            throw ExitCode.unavailable
        }
    }

    private func listen(on address: ListenAddress, orOnAnyPort mayMove: Bool) async throws -> ListenAddress {
        do {
            return try await server.listen(on: address)
        } catch let error as ListenError {
            if mayMove, error.cause == .inUse, case .tcp(let host, _) = address {
                return try await listen(on: .tcp(host: host, port: 0), orOnAnyPort: false)
            }
            Terminal.printError(complaint(error))
            throw error.cause == .system ? ExitCode.system : ExitCode.unavailable
        } catch {
            Terminal.printError("\(error)")
            throw ExitCode.system
        }
    }

    private func complaint(_ error: ListenError) -> String {
        let place = configuration.settings.first { $0.setting == .listen }?.place ?? Setting.listen.variable
        guard error.cause == .inUse, case .tcp = error.address else { return "\(place): \(error)" }
        return "\(place): \(error) (port 0 lets the kernel choose a free one)"
    }
}
