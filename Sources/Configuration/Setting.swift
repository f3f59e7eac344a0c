/// The settings of the whole program, in the order in which they are shown. A value comes from the flag, else from the
/// environment variable, else from the configuration file, else it is the default.
///
/// To add a setting, add a case and its row: the compiler asks for the row. Flag, variable, key, `--help`, completions,
/// `healthz config` and the manual are made from it. Tests compare it with docs/configuration.md and
/// docs/healthz.schema.json.
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
    case degradedStatus = "degraded-status"
    case maintenanceFile = "maintenance-file"
    case detail
    case detailTokenFile = "detail-token-file"
    case runbook
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
}

extension Setting {
    /// The properties of a setting besides its name.
    package struct Row: Sendable {
        package let kind: SettingKind
        /// Empty if there is none.
        package let defaultValue: String
        /// One sentence, for `--help`, the manual and the schema.
        package let help: String
        /// Whether the configuration file has a key for it.
        let isInFile: Bool

        fileprivate init(_ kind: SettingKind, default defaultValue: String = "", _ help: String, isInFile: Bool = true)
        {
            self.kind = kind
            self.defaultValue = defaultValue
            self.help = help
            self.isInFile = isInFile
        }
    }

    package var row: Row {
        switch self {
        case .config:
            Row(
                .file(["yaml", "yml"]), "Configuration file in YAML: see configuration.md in share/doc/healthz.",
                isInFile: false)
        case .listen:
            Row(.address, default: "0.0.0.0:8080", "Listen address: 0.0.0.0:8080, [::]:8080 or unix:/path.")
        case .grafanaEndpoint:
            Row(.endpoint, default: "http://grafana:3000", "Base URL of Grafana; an empty value leaves Grafana out.")
        case .lokiEndpoint:
            Row(.endpoint, default: "http://loki:3100", "Base URL of Loki; an empty value leaves Loki out.")
        case .tempoEndpoint:
            Row(.endpoint, default: "http://tempo:3200", "Base URL of Tempo; an empty value leaves Tempo out.")
        case .preset:
            Row(
                .word(Preset.words, "preset"), default: "liveness",
                "How to check Loki and Tempo: liveness (/ answers), readiness (/ready is 200) or deep (they write and read).",
                isInFile: false)
        case .timeout:
            Row(.duration(.probe), default: "1500ms", "Limit for one probe: 250ms, 2s, 1m.")
        case .deadline:
            Row(.duration(.probe), default: "1800ms", "Limit for a whole check.")
        case .cache:
            Row(.duration(.zero ... .hour), default: "0", "Maximum age of an answer; 0 checks at every request.")
        case .interval:
            Row(.duration(.tenth ... .hour), "Check in the background at this interval, and answer from memory.")
        case .staleAfter:
            Row(.duration(.zero ... .day), "Maximum age of a report, with an interval.")
        case .rise:
            Row(.number(1...100), default: "1", "Good results in a row that make a target healthy, with an interval.")
        case .fall:
            Row(.number(1...100), default: "1", "Bad results in a row that make a target unhealthy, with an interval.")
        case .reuseConnections:
            Row(.switch, default: "off", "Keep connections open for the next probe: on or off.")
        case .unhealthyStatus:
            Row(.word(UnhealthyStatus.words, "status"), default: "500", "Status code for unhealthy: 500 or 503.")
        case .degradedStatus:
            Row(.word(DegradedStatus.words, "status"), default: "200", "Status code for degraded: 200 or 429.")
        case .maintenanceFile:
            Row(.file([]), "While this file exists, the node is unhealthy; its first line is the reason.")
        case .detail:
            Row(
                .networks(or: ["full", "summary"], "audience"), default: "full",
                "Who sees details: full (everybody), summary (nobody), or networks such as 10.0.0.0/8,::1.")
        case .detailTokenFile:
            Row(.file([]), "File with a token; a request with this token sees all details.")
        case .runbook:
            Row(
                .link, "Address of a page that says what to do when the node is unhealthy; the status page links to it."
            )
        case .proxyProtocol:
            Row(
                .networks(or: ["off", "on"], "senders"), default: "off",
                "Who may start a connection with a PROXY protocol header: off (nobody), on (everybody), or networks.")
        case .maxConnections:
            Row(.number(1...1_000_000), default: "4096", "Maximum number of connections.")
        case .maxConnectionsPerClient:
            Row(.number(1...1_000_000), default: "1024", "Maximum number of connections from one address.")
        case .maxRequestsPerConnection:
            Row(.number(1...100_000_000), default: "10000", "Number of requests after which a connection is closed.")
        case .maxPipelinedRequests:
            Row(
                .number(1...10_000), default: "16",
                "Pipelined requests to answer in a row before other connections are served.")
        case .maxHeadBytes:
            // The parser keeps offsets in a head as 16 bits.
            Row(.number(1024...65_000), default: "8192", "Maximum size of a request head, in bytes.")
        case .maxFields:
            Row(.number(1...1000), default: "64", "Maximum number of fields in a request.")
        case .headTimeout:
            Row(.duration(.tenth ... .hour), default: "5s", "Limit for receiving a request head.")
        case .idleTimeout:
            Row(.duration(.tenth ... .hour), default: "75s", "Limit between two requests of a connection.")
        case .writeTimeout:
            Row(.duration(.tenth ... .hour), default: "10s", "Limit for a client that does not read its response.")
        case .drain:
            Row(
                .duration(.zero ... .hour), default: "5s", "Time to answer as unhealthy after SIGTERM, before the exit."
            )
        case .logLevel:
            Row(.word(LogLevel.words, "level"), default: "info", "Log level: debug, info, warning or error.")
        case .logFormat:
            Row(.word(LogFormat.words, "format"), default: "text", "Log format: text or json.")
        case .accessLog:
            Row(.switch, default: "off", "Log every request: on or off.")
        }
    }
}

extension Setting {
    /// The prefix of all variables but the three endpoints.
    static let prefix = "HEALTHZ_"

    package var flag: String { "--\(rawValue)" }

    package var variable: String {
        let name = rawValue.uppercased().replacing("-", with: "_")
        return row.kind.emptyIsAValue ? name : Setting.prefix + name
    }

    /// The key in the configuration file; nil if the file has another way to express it.
    package var key: String? {
        row.isInFile && !row.kind.emptyIsAValue ? rawValue.replacing("-", with: "_") : nil
    }

    func duration(_ text: String) throws(ValueError) -> Duration {
        try Duration(setting: text, within: row.kind.durations)
    }

    func number(_ text: String) throws(ValueError) -> Int {
        try Int(setting: text, within: row.kind.numbers)
    }
}

extension Duration {
    fileprivate static let tenth = Duration.milliseconds(100)
    fileprivate static let hour = Duration.seconds(3600)
    fileprivate static let day = Duration.seconds(86_400)
}

extension ClosedRange<Duration> {
    fileprivate static var probe: ClosedRange<Duration> { .milliseconds(1) ... .hour }
}
