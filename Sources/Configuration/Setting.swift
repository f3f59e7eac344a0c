/// Everything that can be set for the whole program, in the order in which it is shown: by flag, else by environment,
/// else by the configuration file, else by default.
package enum Setting: String, CaseIterable, Sendable {
    case config
    case listen
    case grafanaEndpoint = "grafana-endpoint"
    case lokiEndpoint = "loki-endpoint"
    case tempoEndpoint = "tempo-endpoint"
    case preset
    case timeout
    case deadline
    case cache
    case interval
    case staleAfter = "stale-after"
    case rise
    case fall
    case reuseConnections = "reuse-connections"
    case unhealthyStatus = "unhealthy-status"
    case detail
    case detailTokenFile = "detail-token-file"
    case proxyProtocol = "proxy-protocol"
    case maxConnections = "max-connections"
    case maxConnectionsPerClient = "max-connections-per-client"
    case maxRequestsPerConnection = "max-requests-per-connection"
    case maxPipelinedRequests = "max-pipelined-requests"
    case maxHeadBytes = "max-head-bytes"
    case maxFields = "max-fields"
    case headTimeout = "head-timeout"
    case idleTimeout = "idle-timeout"
    case writeTimeout = "write-timeout"
    case drain
    case logLevel = "log-level"
    case logFormat = "log-format"
    case accessLog = "access-log"

    /// All variables of ours begin with this, but for the three endpoints.
    static let prefix = "HEALTHZ_"

    package var flag: String { "--\(rawValue)" }

    package var variable: String {
        let name = String(rawValue.uppercased().map { $0 == "-" ? "_" : $0 })
        return emptyIsAValue ? name : Setting.prefix + name
    }

    /// Its name in the configuration file; nil where the file has other means.
    package var key: String? {
        switch self {
        case .config, .grafanaEndpoint, .lokiEndpoint, .tempoEndpoint, .preset: nil
        default: String(rawValue.map { $0 == "-" ? "_" : $0 })
        }
    }

    /// Empty where there is none.
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
        case .rise, .fall: "1"
        case .reuseConnections: "off"
        case .unhealthyStatus: "500"
        case .detail: "full"
        case .maxConnections: "4096"
        case .maxConnectionsPerClient: "1024"
        case .maxRequestsPerConnection: "10000"
        case .maxPipelinedRequests: "16"
        case .maxHeadBytes: "8192"
        case .maxFields: "64"
        case .headTimeout: "5s"
        case .idleTimeout: "75s"
        case .writeTimeout: "10s"
        case .drain: "5s"
        case .logLevel: "info"
        case .logFormat: "text"
        case .proxyProtocol, .accessLog: "off"
        case .config, .interval, .staleAfter, .detailTokenFile: ""
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
    /// - Parameter place: such as `healthz.yaml:3:10`.
    case file(place: String)
}

/// A setting as it was found.
package struct SettingValue: Sendable, Hashable {
    package let setting: Setting
    /// As it was written. May hold a password: `shown` does not.
    let text: String
    package let origin: Origin
    /// In the file.
    let position: Position?

    init(setting: Setting, text: String, origin: Origin, position: Position? = nil) {
        self.setting = setting
        self.text = text
        self.origin = origin
        self.position = position
    }

    /// For people: without credentials.
    package var shown: String {
        setting.emptyIsAValue ? Endpoint.withoutCredentials(text) : text
    }

    /// The name under which it was set, such as `--timeout`, `HEALTHZ_TIMEOUT` or `timeout`.
    package var place: String {
        switch origin {
        case .flag: setting.flag
        case .file: setting.key ?? setting.rawValue
        case .environment, .byDefault: setting.variable
        }
    }
}
