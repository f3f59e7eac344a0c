import Configuration
import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import Health
import Logging
import Reporting
import Sockets
import Time

/// What the log tells: start, end, reloads, and every change of state, one line each; requests only where they are
/// asked for.
actor StateLog {
    private nonisolated let loop: EventLoop
    private let writer = LogWriter()
    private(set) var logger: Logger
    /// What has been told of, by its event or its limit: each is, once.
    private var told: Set<String> = []

    init(_ configuration: Configuration, on loop: EventLoop) {
        self.loop = loop
        logger = StateLog.logger(configuration, writer)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// For a server to tell of its exchanges.
    nonisolated var exchangeLog: @Sendable (Exchange) -> Void {
        { exchange in self.assumeIsolated { $0.answered(exchange) } }
    }

    private static func logger(_ configuration: Configuration, _ writer: LogWriter) -> Logger {
        Logger(label: "healthz") { _ in
            LineLogHandler(
                format: configuration.logFormat, level: Logger.Level(configuration.logLevel), write: writer.write)
        }
    }

    func started(on addresses: [ListenAddress], _ configuration: Configuration) {
        tell(configuration, notices: configuration.notices)
        logger.info(
            "healthz \(Healthz.version) listens on \(addresses.map(\.url).joined(separator: ", "))",
            metadata: [
                "event": "started", "address": "\(addresses.map(\.description).joined(separator: ", "))",
                "version": "\(Healthz.version)",
            ])
    }

    /// From now on, lines look as this says.
    func adopt(_ configuration: Configuration) {
        logger = StateLog.logger(configuration, writer)
        told = []
    }

    func reloaded(_ configuration: Configuration, after former: Configuration) {
        let names = configuration.services.map(\.name).joined(separator: ", ")
        logger.info(
            configuration.isFromFiles
                ? "SIGHUP: the new configuration is in force, for \(names)"
                : "SIGHUP: there is no file to read (\(Setting.config.flag)); the configuration stays as it is, for \(names)",
            metadata: ["event": "reloaded"])
        if configuration.listen != former.listen {
            logger.warning("listen has changed, which takes effect at the next start", metadata: ["event": "advice"])
        }
        // Each is told once.
        tell(configuration, notices: configuration.notices.filter { !former.notices.contains($0) })
    }

    /// - Parameter files: of secrets that have changed and are in force.
    func renewed(_ files: [String]) {
        for file in files {
            logger.info(
                "\(Printable.escape(file, limit: 1000)) has changed and is in force",
                metadata: ["event": "renewed", "file": "\(file)"])
        }
    }

    func renewalFailed(_ error: ConfigurationError) {
        for mistake in error.mistakes {
            logger.warning(
                "a changed secret is not used, the former one stays in force: \(mistake)",
                metadata: ["event": "renewal_failed", "place": "\(mistake.place)", "detail": "\(mistake.problem)"])
        }
    }

    func reloadFailed(_ error: ConfigurationError) {
        let mistakes = error.mistakes
        for mistake in mistakes {
            var metadata: Logger.Metadata = [
                "event": "mistake", "place": "\(mistake.place)", "detail": "\(mistake.problem)",
            ]
            if case .file(let place) = mistake.origin { metadata["file"] = "\(place)" }
            logger.error("\(mistake)", metadata: metadata)
        }
        for warning in error.warnings { logger.warning("\(warning)", metadata: ["event": "advice"]) }
        let places = mistakes.count == 1 ? "one place" : "\(mistakes.count) places"
        logger.error(
            "SIGHUP: the new configuration has mistakes in \(places); the former one stays in force",
            metadata: ["event": "reload_failed"])
    }

    private func tell(_ configuration: Configuration, notices: [String]) {
        for warning in configuration.warnings { logger.warning("\(warning)", metadata: ["event": "advice"]) }
        for notice in notices { logger.info("\(notice)", metadata: ["event": "advice"]) }
        for target in configuration.services.flatMap(\.targets) {
            logger.debug("\(target.id): \(target.probe), healthy is \(target.probe.expected)")
        }
    }

    private func answered(_ exchange: Exchange) {
        var metadata: Logger.Metadata = [
            "event": "answered", "peer": "\(exchange.peer)", "http_status": .stringConvertible(exchange.status),
        ]
        switch exchange.request {
        case .success(let head):
            let target: String =
                switch head.target {
                case .origin(let path, let query): path + (query.map { "?\($0)" } ?? "")
                case .asterisk: "*"
                }
            let (method, agent) = (head.method.rawValue, head.fields[.userAgent] ?? "")
            metadata["method"] = "\(method)"
            metadata["target"] = "\(target)"
            metadata["duration_ms"] = .milliseconds(exchange.duration)
            metadata["user_agent"] = "\(agent)"
            logger.info(
                "\(exchange.peer) \(method) \(target) \(exchange.status) \(exchange.duration.brief) \"\(agent)\"",
                metadata: metadata)
        case .failure(let error):
            metadata["detail"] = "\(error)"
            logger.info("\(exchange.peer) refused \(exchange.status): \(error)", metadata: metadata)
        }
    }

    /// Told once for each limit: whoever runs into one may do so a thousand times a second.
    func reached(_ limit: LimitReached) {
        let (setting, message): (Setting, Logger.Message)
        switch limit {
        case .exhausted(let error): return exhausted(error)
        case .connections:
            (setting, message) = (
                .maxConnections, "connection limit reached; closing the longest-idle connection"
            )
        case .connectionsPerClient(let peer):
            (setting, message) = (
                .maxConnectionsPerClient,
                "client limit of \(peer.host ?? "a client") reached; closing its longest-idle connection"
            )
        case .requestsPerConnection:
            (setting, message) = (.maxRequestsPerConnection, "a connection has reached its request limit; closed")
        case .pipelinedRequests:
            (setting, message) = (
                .maxPipelinedRequests, "a client pipelines more requests than are answered in a row; the rest wait"
            )
        case .idleTimeout: (setting, message) = (.idleTimeout, "idle connection closed")
        case .refusal(.timeout): (setting, message) = (.headTimeout, "request head not received in time; refused")
        case .refusal(.headTooLarge), .refusal(.requestLineTooLong):
            (setting, message) = (.maxHeadBytes, "request head too large; refused")
        case .refusal(.tooManyFields): (setting, message) = (.maxFields, "request with too many fields; refused")
        case .refusal: return
        case .writeTimeout: (setting, message) = (.writeTimeout, "client is not reading its response; closed")
        }
        guard told.insert(setting.rawValue).inserted else { return }
        let isAlarming = setting == .maxConnections || setting == .maxConnectionsPerClient
        logger.log(
            level: isAlarming ? .warning : .info, "\(message) (\(setting.variable); logged once)",
            metadata: ["event": "limit", "limit": "\(setting.rawValue)"])
    }

    private func exhausted(_ error: SystemError) {
        guard told.insert("exhausted").inserted else { return }
        logger.error(
            "cannot accept connections; trying again: \(error) (logged once)",
            metadata: ["event": "exhausted"])
    }

    /// - Parameter reason: nil if it is over.
    func maintenance(_ reason: String?) {
        guard let reason else {
            return logger.info("maintenance is over", metadata: ["event": "maintenance_over"])
        }
        let why = reason.isEmpty ? "" : ": \(reason)"
        logger.warning(
            "the maintenance file exists; /healthz fails from now on\(why)", metadata: ["event": "maintenance"])
    }

    func draining(_ duration: Duration) {
        logger.info(
            "SIGTERM: /healthz and /readyz fail from now on; ending in \(duration.setting)",
            metadata: ["event": "draining"])
    }

    /// - Parameter signal: which asks for it; nil if the time of draining is over.
    func stopping(by signal: String?) {
        if let signal {
            logger.info("\(signal): ending now", metadata: ["event": "stopping"])
        }
        logger.debug("closing the listener, finishing answers in flight")
    }

    /// The last line: it is written, or given up, before this returns.
    func ended() {
        logger.info("healthz has ended", metadata: ["event": "ended"])
        writer.flush(within: .seconds(1))
    }
}

extension Configuration {
    /// Whether there is anything that a reload could find changed.
    fileprivate var isFromFiles: Bool {
        settings.contains { [.config, .detailTokenFile].contains($0.setting) && !$0.shown.isEmpty }
    }
}

extension Logger.Level {
    fileprivate init(_ level: LogLevel) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
