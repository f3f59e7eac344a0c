import HTTPClient
import Health

/// Presets for well-known servers: the path of their health check, and its expected response.
enum ServicePreset: String, CaseIterable {
    case grafana, loki, tempo
    case lokiReady = "loki-ready"
    case tempoReady = "tempo-ready"
    case mimirReady = "mimir-ready"
    case prometheusReady = "prometheus-ready"
    case alertmanagerReady = "alertmanager-ready"
    case consulLeader = "consul-leader"
    /// Checks that use the service like its clients.
    case lokiWrite = "loki-write"
    case lokiRead = "loki-read"
    case tempoWrite = "tempo-write"
    case tempoRead = "tempo-read"
    case prometheusQuery = "prometheus-query"
    case dockerContainer = "docker-container"
    /// Only a connection.
    case tcp
    /// A dialogue in the server's own protocol.
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
        // There is a result only while samples are stored.
        case .prometheusQuery: "/api/v1/query?query=time()-timestamp(up)%3C90"
        // The container's name is appended.
        case .dockerContainer: "/containers/"
        case .tcp, .mysql, .postgres: ""
        }
    }

    var statuses: StatusSet {
        switch self {
        // Loki and Tempo answer 404 there; a gateway in front of them answers 200.
        case .loki, .tempo: .only(200).union(.only(404))
        case .lokiWrite, .tempoWrite: StatusSet(200...299)
        // The state in Docker's response counts, not the response's status.
        case .dockerContainer: StatusSet(StatusSet.valid)
        default: .only(200)
        }
    }

    var body: BodyExpectation? {
        switch self {
        // Any server may answer 200; these words are specific to the service.
        case .lokiReady, .tempoReady, .mimirReady: BodyExpectation(patterns: [#"^ready\s*$"#])
        case .prometheusReady: BodyExpectation(patterns: [#"^Prometheus .*is Ready\."#])
        case .alertmanagerReady: BodyExpectation(patterns: [#"^OK\s*$"#])
        // The address of the leader; an empty string without a leader.
        case .consulLeader: BodyExpectation(patterns: [#"^"[^"]+""#])
        case .lokiRead: ServicePreset.json("/status", .equals(.string("success")))
        // Loki answers 204, Tempo the JSON of OpenTelemetry's protocol; a server of another kind may answer 2xx with a page.
        case .lokiWrite: BodyExpectation(patterns: [#"^\s*($|\{)"#])
        case .tempoWrite, .tempoRead: ServicePreset.json("", .exists(true))
        case .prometheusQuery: ServicePreset.json("/data/result", .count([.atLeast(1)]))
        case .grafana, .loki, .tempo, .dockerContainer, .tcp, .mysql, .postgres: nil
        }
    }

    /// Makes the probe of a preset without HTTP; nil for presets with HTTP.
    var probe: ((URL) -> Probe)? {
        switch self {
        case .tcp: { .connect($0) }
        case .mysql: { .database(.mysql, $0) }
        case .postgres: { .database(.postgres, $0) }
        default: nil
        }
    }

    var isTCP: Bool { probe != nil }

    private static func json(_ pointer: String, _ comparison: Comparison) -> BodyExpectation? {
        JSONPointer(pointer).map { BodyExpectation(members: [.init(pointer: $0, [comparison])]) }
    }

    /// The content of the POST request: always the same, so that it does not enlarge an index.
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

    /// Whether a 503 may be caused by another instance of the ring.
    var hasPeers: Bool { [.lokiReady, .tempoReady, .mimirReady].contains(self) }

    /// - Parameter ringAddress: the server's own address, if it is known.
    func tolerance(ringAddress: String? = nil) -> Tolerance? { hasPeers ? .peer(ringAddress: ringAddress) : nil }

    var expectation: Expectation { Expectation(statuses, body: body, tolerance: tolerance()) }

    /// The setting with the base URL, if the service has none.
    var endpoint: Setting? {
        switch self {
        case .grafana: .grafanaEndpoint
        case .loki, .lokiReady, .lokiWrite, .lokiRead: .lokiEndpoint
        case .tempo, .tempoReady, .tempoRead: .tempoEndpoint
        default: nil
        }
    }
}

/// The checks of Grafana, Loki and Tempo without a configuration file.
package enum Preset: String, CaseIterable, Sendable {
    /// The process answers: `/` has the status 200 or, as on every Loki and Tempo, 404.
    case liveness
    /// The service is ready: `/ready` has the status 200.
    case readiness
    /// The service works: a written line and a query for Loki, and a query for Tempo, in addition to `/ready`.
    case deep

    /// The presets of each service; several presets are several checks.
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
