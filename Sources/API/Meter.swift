import HTTPTypes
package import HTTPWire
package import Health
package import Reporting
import Time

/// What the server and the system have counted.
package struct ServerFigures: Sendable {
    package let connections: Figures.Connections
    /// Requests that could not be read, by the status of their response.
    package let refusals: StatusTally
    /// nil if the system does not tell.
    package let process: Figures.Process?
    package let discovery: [DiscoveryFigures]

    package init(
        connections: Figures.Connections, refusals: StatusTally, process: Figures.Process?,
        discovery: [DiscoveryFigures] = []
    ) {
        self.discovery = discovery
        self.connections = connections
        self.refusals = refusals
        self.process = process
    }
}

/// Answers /metrics: gathers the figures from where they are counted, all on the loop. Nothing is probed or waited for.
struct Meter {
    private let aggregator: Aggregator
    private let version: String
    /// Read for each request.
    var serverFigures: (@Sendable () -> ServerFigures)?
    private var requests = RequestTally()
    /// When the configuration that is in force was loaded.
    private var loadedAt: Timestamp
    private var reloadHasFailed = false

    init(_ aggregator: Aggregator, version: String, loadedAt: Timestamp) {
        self.aggregator = aggregator
        self.version = version
        self.loadedAt = loadedAt
    }

    mutating func record(_ route: Route, _ status: HTTPResponse.Status) {
        requests.record(route, status.code)
    }

    mutating func reloaded(at time: Timestamp) {
        loadedAt = time
        reloadHasFailed = false
    }

    mutating func reloadFailed() {
        reloadHasFailed = true
    }

    /// Whether somebody has taken the node out of service.
    var isInMaintenance = false

    func response(to head: RequestHead, _ detail: Detail, isDraining: Bool, fields: [HTTPField]) -> Response {
        let formats = ExpositionFormat.allCases
        let format = formats[Accept.preferred(head.fields[.accept], of: formats.map(\.mediaType))]
        return Response(
            status: .ok, contentType: format.contentType, fields: fields,
            content: MetricsReport.encode(figures(isDraining: isDraining), format, detail))
    }

    private func figures(isDraining: Bool) -> Figures {
        let server =
            serverFigures?()
            ?? ServerFigures(
                connections: Figures.Connections(open: 0, accepted: 0, refused: []), refusals: StatusTally(),
                process: nil)
        var figures = Figures(
            version: version, health: aggregator.assumeIsolated { $0.figures() }, isDraining: isDraining,
            connections: server.connections, requests: answered(server.refusals), loadedAt: loadedAt,
            reloadHasFailed: reloadHasFailed, process: server.process, discovery: server.discovery)
        figures.isInMaintenance = isInMaintenance
        return figures
    }

    private func answered(_ refusals: StatusTally) -> [Figures.Requests] {
        requests.counts.map { Figures.Requests(route: $0.route.label, code: $0.code, count: $0.count) }
            + refusals.counts.map { Figures.Requests(route: "malformed", code: $0.code, count: $0.count) }
    }
}
