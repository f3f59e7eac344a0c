import Configuration
import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import Health
import Logging
import Reporting

/// What the log tells: start, end, and every change of state, one line each; requests only where they are asked for.
struct StateLog: Sendable {
    private let logger: Logger
    private let writer: LogWriter

    init(_ configuration: Configuration) {
        let writer = LogWriter()
        self.writer = writer
        logger = Logger(label: "healthz") { _ in
            LineLogHandler(
                format: configuration.logFormat, level: Logger.Level(configuration.logLevel), write: writer.write)
        }
    }

    func started(on address: ListenAddress, _ configuration: Configuration) {
        for warning in configuration.warnings { logger.warning("\(warning)") }
        logger.info(
            "healthz \(Healthz.version) listens on \(address.url)",
            metadata: ["event": "started", "address": "\(address)", "version": "\(Healthz.version)"])
        for target in configuration.targets {
            logger.debug("\(target.name): GET \(target.url.description), healthy is \(target.expectation.statuses)")
        }
    }

    func changed(_ transition: Transition) {
        let service = transition.service
        let duration = service.observation.duration
        let before = transition.previousLasted.map { " after \($0.brief)" } ?? ""
        var metadata: Logger.Metadata = [
            "event": "changed", "service": "\(service.name)", "status": "\(service.status.rawValue)",
            "duration_ms": "\(duration.milliseconds)",
        ]
        switch service.observation.verdict {
        case .up:
            logger.info("\(service.name) is healthy\(before) (answered in \(duration.brief))", metadata: metadata)
        case .down(let reason):
            metadata["reason"] = "\(reason.code)"
            logger.warning(
                "\(service.name) is unhealthy\(before): \(reason.code): \(reason.description) (\(duration.brief))",
                metadata: metadata)
        }
    }

    func answered(_ exchange: Exchange) {
        let head = exchange.head
        let target: String =
            switch head.target {
            case .origin(let path, let query): path + (query.map { "?\($0)" } ?? "")
            case .asterisk: "*"
            }
        logger.info(
            "\(exchange.peer) \(head.method.rawValue) \(target) \(exchange.status) \(exchange.duration.brief)",
            metadata: [
                "event": "answered", "peer": "\(exchange.peer)", "method": "\(head.method.rawValue)",
                "target": "\(target)", "http_status": "\(exchange.status)",
                "duration_ms": "\(exchange.duration.milliseconds)",
                "user_agent": "\(head.fields[.userAgent] ?? "")",
            ])
    }

    func exhausted(_ error: SystemError) {
        logger.error("cannot accept connections for a moment: \(error)", metadata: ["event": "exhausted"])
    }

    func draining(_ duration: Duration) {
        logger.info(
            "SIGTERM: /healthz and /readyz fail from now on; ending in \(duration.setting)",
            metadata: ["event": "draining"])
    }

    func stopping() {
        logger.debug("closing the listener, finishing answers in flight")
    }

    /// The last line: it is written, or given up, before this returns.
    func ended() {
        logger.info("healthz has ended", metadata: ["event": "ended"])
        writer.flush(within: .seconds(1))
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
