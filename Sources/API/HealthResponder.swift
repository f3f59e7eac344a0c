import HTTPTypes
package import HTTPWire
package import Health
import Reporting
package import Sockets
package import Time

/// Answers requests for the paths of the API from the aggregator's reports. docs/api.md describes it.
package actor HealthResponder {
    private struct Request {
        let head: RequestHead
        let peer: Peer
        let query: String?
    }

    private enum Answer {
        case response(Response)
        case report(Question)
    }

    /// The part of the configuration that responses depend on.
    package struct Settings: Sendable {
        let services: [String]
        let statuses: Statuses
        let audience: Audience
        let loadedAt: Timestamp
        /// The address of a page that says what to do if the node is unhealthy.
        package var runbook: String?

        /// - Parameters:
        ///   - services: their names, in the order in which they are shown.
        ///   - loadedAt: when the configuration was loaded.
        package init(services: [String], statuses: Statuses, audience: Audience, loadedAt: Timestamp) {
            self.services = services
            self.statuses = statuses
            self.audience = audience
            self.loadedAt = loadedAt
        }
    }

    /// How many unknown names in a request get a warning: each warning lists all services.
    private static let warningLimit = 4

    private static let router = Router<Route>(
        exact: [
            "/": .page, "/healthz": .health, "/livez": .live, "/readyz": .ready, "/metrics": .metrics,
        ],
        below: ["/healthz": .service])

    private nonisolated let executor: any SerialExecutor
    private let aggregator: Aggregator
    private var settings: Settings
    private var isDraining = false
    /// Why the node has been taken out of service by a file; nil if it is in service. May be empty.
    private var maintenance: String?
    private var reloadFailedAt: Timestamp?
    private var meter: Meter
    private var responses: ReportResponses

    /// - Parameter executor: the aggregator's.
    package init(
        on executor: any SerialExecutor, _ aggregator: Aggregator, _ settings: Settings, from origin: Origin
    ) {
        self.executor = executor
        self.aggregator = aggregator
        self.settings = settings
        meter = Meter(aggregator, version: origin.version, loadedAt: settings.loadedAt)
        responses = ReportResponses(origin, loadedAt: settings.loadedAt)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Adds these figures to the metrics from now on.
    /// - Parameter figures: called on the executor for each request for /metrics.
    package func readServerFigures(with figures: @escaping @Sendable () -> ServerFigures) {
        meter.serverFigures = figures
    }

    /// Adds the state of service discovery to reports from now on.
    /// - Parameter figures: called on the executor when a report is encoded.
    package func readDiscovery(with figures: @escaping @Sendable () -> [DiscoveryFigures]) {
        responses.discovery = figures
    }

    /// From now on, pages say since when secrets are in force.
    /// - Parameter secrets: called on the executor when a page is encoded.
    package func readSecrets(with secrets: @escaping @Sendable () -> [SecretFile]) {
        responses.secrets = secrets
    }

    /// Something that is shown beside a report has changed: service discovery, or the files of secrets.
    package func reportsAreOutOfDate() {
        responses.removeAll()
    }

    /// Uses these settings from now on.
    package func adopt(_ settings: Settings) {
        renewSecrets(settings)
        reloadFailedAt = nil
        meter.reloaded(at: settings.loadedAt)
    }

    /// The same configuration with secrets of now: whether the last reload failed is as it was.
    package func renewSecrets(_ settings: Settings) {
        self.settings = settings
        responses.loadedAt = settings.loadedAt
        responses.removeAll()
    }

    /// A reload has failed, and the old configuration is still in force.
    package func reloadFailed(at time: Timestamp) {
        reloadFailedAt = time
        meter.reloadFailed()
    }

    /// Reports the node as draining from now on.
    package func drain() {
        isDraining = true
    }

    /// - Parameter reason: why the node is out of service from now on; nil puts it back.
    package func maintain(_ reason: String?) {
        maintenance = reason
        meter.isInMaintenance = reason != nil
    }

    /// - Returns: the response, or nil; then `reply` sends the response after the check.
    package func respond(to head: RequestHead, from peer: Peer, by reply: any Reply) -> Response? {
        let (route, answer) = answer(head, peer)
        switch answer {
        case .response(let response): return finish(response, route, head)
        case .report(let question):
            if let response = response(atHandTo: question) { return finish(response, route, head) }
            aggregator.assumeIsolated { aggregator in
                aggregator.check(question.selection) { [self] report in
                    let response = assumeIsolated { $0.finish($0.response(to: question, fresh: report), route, head) }
                    reply.send(response)
                }
            }
            return nil
        }
    }

    private func finish(_ response: Response, _ route: Route, _ head: RequestHead) -> Response {
        let response = response.under(head.precondition)
        meter.record(route, response.status)
        return response
    }

    // MARK: Requests

    private func answer(_ head: RequestHead, _ peer: Peer) -> (Route, Answer) {
        guard case .origin(let path, let query) = head.target else {
            return (.other, .response(FixedResponses.methodNotAllowed(head, HealthResponder.router.allow)))
        }
        let request = Request(head: head, peer: peer, query: query)
        switch HealthResponder.router.match(head.method, path: path) {
        case .route(let route): return (route, answer(request, route))
        case .routeBelow(let route, let name): return (route, service(name, request))
        case .methodNotAllowed(let route):
            return (route, .response(FixedResponses.methodNotAllowed(head, HealthResponder.router.allow)))
        case .notFound: return (.other, .response(FixedResponses.notFound(head)))
        }
    }

    private func answer(_ request: Request, _ route: Route) -> Answer {
        switch route {
        case .page: health(request, Format.forPeople)
        case .health: health(request, Format.forPrograms(request.head))
        case .live: .response(FixedResponses.alive)
        case .ready: .response(readiness)
        case .metrics:
            .response(
                meter.response(
                    to: request.head, settings.audience.detail(for: request.head, request.peer).0,
                    isDraining: isDraining, fields: FixedResponses.negotiatedFields))
        case .service, .other: .response(FixedResponses.notFound(request.head))
        }
    }

    private func health(_ request: Request, _ offer: Format.Offer) -> Answer {
        let excluded = Query.values(of: "exclude", in: request.query)
        let format = offer.preferred(by: request.head, request.query)
        guard !excluded.isEmpty else { return report(on: .all, format, request) }
        let known = Set(excluded).intersection(settings.services)
        let warnings = excluded.filter { !known.contains($0) }.prefix(HealthResponder.warningLimit)
            .map { "exclude: \(unknown($0))" }
        return report(on: known.isEmpty ? .all : .excluding(known), format, request, warnings)
    }

    private func service(_ name: String, _ request: Request) -> Answer {
        guard settings.services.contains(name) else {
            return .response(FixedResponses.notFound(request.head, unknown(name)))
        }
        return report(
            on: .only(name), Format.forPrograms(request.head).preferred(by: request.head, request.query), request)
    }

    private func report(
        on selection: Selection, _ format: Format, _ request: Request, _ warnings: [String] = []
    ) -> Answer {
        let (detail, warning) = settings.audience.detail(for: request.head, request.peer)
        return .report(
            Question(
                selection: selection, format: format, detail: detail, statuses: settings.statuses,
                runbook: settings.runbook,
                warnings: warnings + (warning.map { [$0] } ?? [])))
    }

    // MARK: Reports

    /// nil if a check is needed.
    private func response(atHandTo question: Question) -> Response? {
        if let response = response(outOfServiceTo: question) { return response }
        return aggregator.assumeIsolated { $0.known(question.selection) }.map { responses.response(to: question, $0) }
    }

    /// Draining may have begun after the request came: then no report is healthy.
    private func response(to question: Question, fresh report: Aggregator.Numbered) -> Response {
        response(outOfServiceTo: question) ?? responses.response(to: question, report)
    }

    /// nil if the node is in service.
    private func response(outOfServiceTo question: Question) -> Response? {
        guard isDraining || maintenance != nil else { return nil }
        let (cause, note) = (isDraining ? Report.Cause.draining : .maintenance, isDraining ? "" : maintenance ?? "")
        return responses.response(
            to: question, aggregator.assumeIsolated { $0.lastKnown(question.selection, cause: cause, note: note) })
    }

    private func unknown(_ name: String) -> String {
        "no service is named \"\(Printable.escape(name, limit: 64))\"; there are: \(settings.services.joined(separator: ", "))"
    }

    private var readiness: Response {
        if isDraining { return FixedResponses.draining }
        return reloadFailedAt.map(FixedResponses.ready) ?? FixedResponses.ready
    }
}
