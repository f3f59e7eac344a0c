import HTTPTypes
package import HTTPWire
package import Health
package import Reporting
import Time

/// The figures of the server, the process and service discovery.
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

/// Answers /metrics: collects the figures from the parts that count them, all on the loop. It starts no probe and never waits.
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

    /// The node has been taken out of service by a file.
    var isInMaintenance = false

    func response(to head: RequestHead, _ detail: Detail, isDraining: Bool, fields: [HTTPField]) -> Response {
        let formats = ExpositionFormat.allCases
        let format = formats[Accept.preferred(head.fields[.accept], of: formats.map(\.mediaType))]
        return Response(
            status: .ok, contentType: format.contentType, fields: fields,
            content: MetricsReport.encode(figures(isDraining: isDraining), format, detail))
    }

    private func figures(isDraining: Bool) -> Figures {
        var figures = Figures(
            version: version, health: aggregator.assumeIsolated { $0.figures() }, loadedAt: loadedAt)
        (figures.isDraining, figures.isInMaintenance) = (isDraining, isInMaintenance)
        figures.reloadHasFailed = reloadHasFailed
        let server = serverFigures?()
        figures.connections = server?.connections ?? figures.connections
        figures.requests = answered(server?.refusals ?? StatusTally())
        figures.process = server?.process
        figures.discovery = server?.discovery ?? []
        return figures
    }

    private func answered(_ refusals: StatusTally) -> [Figures.Requests] {
        requests.counts.map { Figures.Requests(route: $0.route.label, code: $0.code, count: $0.count) }
            + refusals.counts.map { Figures.Requests(route: "malformed", code: $0.code, count: $0.count) }
    }
}
