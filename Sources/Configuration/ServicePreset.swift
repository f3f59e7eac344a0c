import Health

/// What is known of the servers that people run: where they tell their health, and how.
enum ServicePreset: String, CaseIterable {
    case grafana, loki, tempo
    case lokiReady = "loki-ready"
    case tempoReady = "tempo-ready"
    case mimirReady = "mimir-ready"
    case prometheusReady = "prometheus-ready"
    case alertmanagerReady = "alertmanager-ready"
    case consulLeader = "consul-leader"
    /// Uses of the service as its clients have them.
    case lokiWrite = "loki-write"
    case lokiRead = "loki-read"
    case tempoWrite = "tempo-write"
    case tempoRead = "tempo-read"
    case prometheusQuery = "prometheus-query"
    case dockerContainer = "docker-container"
    /// A connection alone.
    case tcp
    /// An answer by the server's own protocol.
    case mysql, postgres

    var path: String {
        switch self {
        case .grafana: "/api/health"
        case .loki, .tempo: "/"
        case .lokiReady, .tempoReady, .mimirReady: "/ready"
        case .prometheusReady, .alertmanagerReady: "/-/ready"
        case .consulLeader: "/v1/status/leader"
        case .lokiWrite: "/otlp/v1/logs"
        // A querier asks all ingesters, whether there are lines or not. Arithmetic alone would ask none.
        case .lokiRead: "/loki/api/v1/labels?since=1m"
        case .tempoWrite: "/v1/traces"
        case .tempoRead: "/api/search?limit=1"
        // A result only while samples are stored.
        case .prometheusQuery: "/api/v1/query?query=time()-timestamp(up)%3C90"
        // Behind it stands the container's name.
        case .dockerContainer: "/containers/"
        case .tcp, .mysql, .postgres: ""
        }
    }

    var statuses: StatusSet {
        switch self {
        // Every Loki and Tempo answers 404 there, a gateway before them 200.
        case .loki, .tempo: .only(200).union(.only(404))
        case .lokiWrite, .tempoWrite: StatusSet(200...299)
        // Docker's word counts, not its status.
        case .dockerContainer: StatusSet(StatusSet.valid)
        default: .only(200)
        }
    }

    var body: BodyExpectation? {
        switch self {
        // Any server may answer 200: these words are theirs.
        case .lokiReady, .tempoReady, .mimirReady: BodyExpectation(patterns: [#"^ready\s*$"#])
        case .prometheusReady: BodyExpectation(patterns: [#"^Prometheus .*is Ready\."#])
        case .alertmanagerReady: BodyExpectation(patterns: [#"^OK\s*$"#])
        // The leader's address; without a leader, an empty string.
        case .consulLeader: BodyExpectation(patterns: [#"^"[^"]+""#])
        case .lokiRead: ServicePreset.json("/status", .equals(.string("success")))
        // Loki answers 204, Tempo the JSON of OpenTelemetry's protocol; a server of another kind may answer 2xx with a page.
        case .lokiWrite: BodyExpectation(patterns: [#"^\s*($|\{)"#])
        case .tempoWrite, .tempoRead: ServicePreset.json("", .exists(true))
        case .prometheusQuery: ServicePreset.json("/data/result", .count([.atLeast(1)]))
        case .grafana, .loki, .tempo, .dockerContainer, .tcp, .mysql, .postgres: nil
        }
    }

    /// Of those that are no HTTP.
    var database: Database? {
        switch self {
        case .mysql: .mysql
        case .postgres: .postgres
        default: nil
        }
    }

    var isTCP: Bool { self == .tcp || database != nil }

    private static func json(_ pointer: String, _ comparison: Comparison) -> BodyExpectation? {
        JSONPointer(pointer).map { BodyExpectation(members: [.init(pointer: $0, [comparison])]) }
    }

    /// What is sent by POST: always the same, so that no index grows.
    var content: String? {
        switch self {
        case .lokiWrite:
            #"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"healthz"}}]},"#
                + #""scopeLogs":[{"logRecords":[{"body":{"stringValue":"a line of healthz's check"}}]}]}]}"#
        case .tempoWrite:
            #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"healthz"}}]},"#
                + #""scopeSpans":[{"spans":[{"traceId":"68656c74687a0000000000000000c4ec","#
                + #""spanId":"68656c74687a0001","name":"a span of healthz's check","kind":1}]}]}]}"#
        default: nil
        }
    }

    /// Whether its 503 may be due to another instance of its ring.
    var hasPeers: Bool { [.lokiReady, .tempoReady, .mimirReady].contains(self) }

    /// - Parameter ringAddress: the server's own, where it is known.
    func tolerance(ringAddress: String? = nil) -> Tolerance? { hasPeers ? .peer(ringAddress: ringAddress) : nil }

    var expectation: Expectation { Expectation(statuses, body: body, tolerance: tolerance()) }

    /// The setting that has the base URL, where the service does not say it.
    var endpoint: Setting? {
        switch self {
        case .grafana: .grafanaEndpoint
        case .loki, .lokiReady, .lokiWrite, .lokiRead: .lokiEndpoint
        case .tempo, .tempoReady, .tempoRead: .tempoEndpoint
        default: nil
        }
    }
}

/// How Loki and Tempo are judged where no file says how.
package enum Preset: String, CaseIterable, Sendable {
    /// The process answers: `/` is 200 or, as on every Loki and Tempo, 404.
    case liveness
    /// It can do its work: `/ready` is 200.
    case readiness
    /// It does its work: a line and a query for Loki, a query for Tempo, beside `/ready`.
    case deep

    /// One preset for a service, or several checks.
    var services: [(name: String, presets: [ServicePreset])] {
        switch self {
        case .liveness: [("grafana", [.grafana]), ("loki", [.loki]), ("tempo", [.tempo])]
        case .readiness: [("grafana", [.grafana]), ("loki", [.lokiReady]), ("tempo", [.tempoReady])]
        case .deep:
            [
                ("grafana", [.grafana]), ("loki", [.lokiReady, .lokiWrite, .lokiRead]),
                ("tempo", [.tempoReady, .tempoRead]),
            ]
        }
    }
}
