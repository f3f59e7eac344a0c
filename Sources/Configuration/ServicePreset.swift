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
    /// A connection alone.
    case tcp

    var path: String {
        switch self {
        case .grafana: "/api/health"
        case .loki, .tempo: "/"
        case .lokiReady, .tempoReady, .mimirReady: "/ready"
        case .prometheusReady, .alertmanagerReady: "/-/ready"
        case .consulLeader: "/v1/status/leader"
        case .tcp: ""
        }
    }

    var statuses: StatusSet {
        switch self {
        // Every Loki and Tempo answers 404 there, a gateway before them 200.
        case .loki, .tempo: .only(200).union(.only(404))
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
        case .grafana, .loki, .tempo, .tcp: nil
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
        case .loki, .lokiReady: .lokiEndpoint
        case .tempo, .tempoReady: .tempoEndpoint
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

    var services: [(name: String, preset: ServicePreset)] {
        switch self {
        case .liveness: [("grafana", .grafana), ("loki", .loki), ("tempo", .tempo)]
        case .readiness: [("grafana", .grafana), ("loki", .lokiReady), ("tempo", .tempoReady)]
        }
    }
}
