import HTTPServer
import HTTPTypes
import HTTPWire
import Health
import Reporting
import Time

/// Answers /metrics: gathers the figures from where they are counted, all on the loop. Nothing is probed or waited for.
struct Meter {
    private let aggregator: Aggregator
    private weak var server: Server?
    private let process = ProcessReader()
    private var requests = RequestTally()
    /// When the configuration that is in force was loaded.
    private var loadedAt = Moment.now.timestamp
    private var reloadHasFailed = false

    init(_ aggregator: Aggregator) {
        self.aggregator = aggregator
    }

    /// From now on, the connections of this one are counted.
    mutating func watch(_ server: Server) {
        self.server = server
    }

    mutating func record(_ route: RequestTally.Route, _ status: HTTPResponse.Status) {
        requests.record(route, status.code)
    }

    mutating func reloaded(at time: Timestamp) {
        loadedAt = time
        reloadHasFailed = false
    }

    mutating func reloadFailed() {
        reloadHasFailed = true
    }

    func response(to head: RequestHead, _ detail: Detail, isDraining: Bool, fields: [HTTPField]) -> Response {
        let formats = ExpositionFormat.allCases
        let format = formats[Accept.preferred(head.fields[.accept], of: formats.map(\.mediaType))]
        return Response(
            status: .ok, contentType: format.contentType, fields: fields,
            content: MetricsReport.encode(figures(isDraining: isDraining), format, detail))
    }

    private func figures(isDraining: Bool) -> Figures {
        let (tally, open) = server?.assumeIsolated { ($0.tally, $0.openConnections) } ?? (ServerTally(), 0)
        return Figures(
            version: Healthz.version, health: aggregator.assumeIsolated { $0.figures() }, isDraining: isDraining,
            connections: Figures.Connections(
                open: open, accepted: tally.accepted,
                refused: tally.refused),
            requests: answered(tally), loadedAt: loadedAt, reloadHasFailed: reloadHasFailed, process: process.read())
    }

    private func answered(_ tally: ServerTally) -> [Figures.Requests] {
        requests.counts.map { Figures.Requests(route: $0.route.label, code: $0.code, count: $0.count) }
            + tally.refusals.counts.map { Figures.Requests(route: "malformed", code: $0.code, count: $0.count) }
    }
}

extension ServerTally {
    /// By the setting that limits it, if there is one.
    fileprivate var refused: [(reason: String, count: Int)] {
        [
            ("max_connections", connections), ("max_connections_per_client", connectionsPerClient),
            ("write_timeout", writeTimeouts), ("exhausted", exhausted),
        ]
    }
}
