/// Everything that can be set, in the order in which it is shown: by flag, else by environment, else by default.
package enum Setting: String, CaseIterable, Sendable {
    case listen
    case grafanaEndpoint = "grafana-endpoint"
    case lokiEndpoint = "loki-endpoint"
    case tempoEndpoint = "tempo-endpoint"
    case preset
    case timeout
    case deadline
    case cache
    case drain
    case logLevel = "log-level"
    case logFormat = "log-format"
    case accessLog = "access-log"

    /// All variables of ours begin with this, but for the three endpoints.
    static let prefix = "HEALTHZ_"

    package var flag: String { "--\(rawValue)" }

    package var variable: String {
        switch self {
        case .grafanaEndpoint: "GRAFANA_ENDPOINT"
        case .lokiEndpoint: "LOKI_ENDPOINT"
        case .tempoEndpoint: "TEMPO_ENDPOINT"
        case .listen: "HEALTHZ_LISTEN"
        case .preset: "HEALTHZ_PRESET"
        case .timeout: "HEALTHZ_TIMEOUT"
        case .deadline: "HEALTHZ_DEADLINE"
        case .cache: "HEALTHZ_CACHE"
        case .drain: "HEALTHZ_DRAIN"
        case .logLevel: "HEALTHZ_LOG_LEVEL"
        case .logFormat: "HEALTHZ_LOG_FORMAT"
        case .accessLog: "HEALTHZ_ACCESS_LOG"
        }
    }

    package var defaultValue: String {
        switch self {
        case .listen: "0.0.0.0:8080"
        case .grafanaEndpoint: "http://grafana:3000"
        case .lokiEndpoint: "http://loki:3100"
        case .tempoEndpoint: "http://tempo:3200"
        case .preset: "liveness"
        case .timeout: "1500ms"
        case .deadline: "1800ms"
        case .cache: "0"
        case .drain: "5s"
        case .logLevel: "info"
        case .logFormat: "text"
        case .accessLog: "off"
        }
    }

    /// For a URL an empty value means "not this service"; elsewhere it is what an unset variable in a compose file
    /// leaves behind, and means the default.
    var emptyIsAValue: Bool {
        switch self {
        case .grafanaEndpoint, .lokiEndpoint, .tempoEndpoint: true
        default: false
        }
    }
}

/// Where a setting's value comes from.
package enum Origin: Sendable, Hashable {
    case flag, environment, byDefault
}

/// A setting as it was found.
package struct SettingValue: Sendable, Hashable {
    package let setting: Setting
    /// As it was written. May hold a password: `shown` does not.
    let text: String
    package let origin: Origin

    /// For people: without credentials.
    package var shown: String {
        setting.emptyIsAValue ? Endpoint.withoutCredentials(text) : text
    }

    /// The name under which it was set, such as `--timeout` or `HEALTHZ_TIMEOUT`.
    package var place: String {
        origin == .flag ? setting.flag : setting.variable
    }
}
