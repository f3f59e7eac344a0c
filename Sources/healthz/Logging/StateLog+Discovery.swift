import Discovery
import Logging
import Time

extension StateLog {
    /// What has become of a registration, one line each time.
    func discovery(_ event: KeeperEvent) {
        guard let note = event.note else { return }
        var metadata: Logger.Metadata = [
            "event": "discovery", "provider": "\(event.provider)", "registry_service": "\(event.service)",
            "change": "\(note.code)",
        ]
        if case .failed(let cause, _) = note { metadata["cause"] = "\(cause.rawValue)" }
        let name = event.service.isEmpty ? event.provider : "\(event.provider): \(event.service)"
        logger.log(level: note.level, "\(name): \(note.text)", metadata: metadata)
    }
}

extension RegistrarNote {
    fileprivate var code: String {
        switch self {
        case .registered: "registered"
        case .told: "told"
        case .lost: "lost"
        case .deregistered: "deregistered"
        case .superseded: "superseded"
        case .noCustomHealth: "no_custom_health"
        case .failed: "failed"
        case .recovered: "recovered"
        }
    }

    fileprivate var level: Logger.Level {
        switch self {
        case .registered, .told, .deregistered, .recovered: .info
        case .lost, .superseded, .noCustomHealth, .failed: .warning
        }
    }

    fileprivate var text: String {
        switch self {
        case .registered(let duration): "registered after \(duration.brief)"
        case .told(let word): "told \(word)"
        case .lost: "the registration is gone"
        case .deregistered: "deregistered"
        case .superseded(let stack):
            "stack \(stack) took this node out; it stays out until a reload, a restart or healthz register"
        case .noCustomHealth:
            "the service has no HealthCheckCustomConfig, so it cannot be told the health; the node stays registered"
        case .failed(_, let text): "\(text); trying again until it succeeds"
        case .recovered(let tries, let duration): "well again after \(tries) failures in \(duration.brief)"
        }
    }
}
