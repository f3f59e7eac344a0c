import Configuration
import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import Health
import Reporting
import Sockets
import Time

/// Answers requests: the paths of the API over the aggregator's reports. docs/api.md describes it.
actor HealthResponder {
    private enum Route: Sendable {
        case page
        case health
        case service(String)
        case live
        case ready
        case metrics

        var tallied: RequestTally.Route {
            switch self {
            case .page: .page
            case .health: .health
            case .service: .service
            case .live: .live
            case .ready: .ready
            case .metrics: .metrics
            }
        }
    }

    /// Which report is asked for, and how it is to be written.
    private struct Question: Hashable, Sendable {
        let selection: Selection
        let format: Format
        let detail: Detail
        /// As it was configured when this was asked, as the services are that the answer is about.
        let unhealthy: HTTPResponse.Status
        /// What is wrong with the request, though it can be answered.
        let warnings: [String]
    }

    private enum Answer {
        case response(Response)
        case report(Question)
    }

    /// What the configuration says of answers.
    private struct Terms {
        let names: [String]
        let unhealthy: HTTPResponse.Status
        let audience: Audience

        init(_ configuration: Configuration) {
            names = configuration.services.map(\.name)
            unhealthy = HTTPResponse.Status(code: configuration.unhealthyStatus)
            audience = Audience(configuration)
        }
    }

    /// Different answers kept encoded: clients can ask for any set of exclusions.
    private static let encodedLimit = 64

    /// Names in a request that do not exist: each is answered with all that do.
    private static let warningLimit = 4

    private static let router = Router<Route>(
        exact: [
            "/": .page, "/healthz": .health, "/livez": .live, "/readyz": .ready, "/metrics": .metrics,
        ],
        below: ["/healthz": { .service($0) }])

    private nonisolated let loop: EventLoop
    private let aggregator: Aggregator
    private var terms: Terms
    private var isDraining = false
    private var reloadFailedAt: Timestamp?
    private var meter: Meter
    private var encoded: [Question: (number: Int, response: Response)] = [:]

    init(_ configuration: Configuration, _ aggregator: Aggregator, on loop: EventLoop) {
        self.loop = loop
        self.aggregator = aggregator
        terms = Terms(configuration)
        meter = Meter(aggregator)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// From now on, metrics tell of this server's connections.
    func watch(_ server: Server) {
        meter.watch(server)
    }

    /// From now on, answers are about this.
    func adopt(_ configuration: Configuration, at time: Timestamp) {
        terms = Terms(configuration)
        reloadFailedAt = nil
        meter.reloaded(at: time)
        encoded = [:]
    }

    /// A new configuration was asked for, and the old one is still in force.
    func reloadFailed(at time: Timestamp) {
        reloadFailedAt = time
        meter.reloadFailed()
    }

    /// From now on the node is not to be used.
    func drain() {
        isDraining = true
    }

    /// - Returns: the response, or nil; then `reply` sends it when the check that is needed has ended.
    func respond(to head: RequestHead, from peer: Peer, by reply: any Reply) -> Response? {
        let (route, answer) = answer(head, peer)
        switch answer {
        case .response(let response): return finish(response, route, head)
        case .report(let question):
            if let response = response(atHandTo: question) { return finish(response, route, head) }
            aggregator.assumeIsolated { aggregator in
                aggregator.ask(question.selection) { [self] report in
                    let response = assumeIsolated { $0.finish($0.response(to: question, fresh: report), route, head) }
                    reply.send(response)
                }
            }
            return nil
        }
    }

    private func finish(_ response: Response, _ route: RequestTally.Route, _ head: RequestHead) -> Response {
        let response = response.under(head.precondition)
        meter.record(route, response.status)
        return response
    }

    // MARK: Requests

    private func answer(_ head: RequestHead, _ peer: Peer) -> (RequestTally.Route, Answer) {
        guard case .origin(let path, let query) = head.target else {
            return (.other, .response(HealthResponder.methodNotAllowed(HealthResponder.router.allow)))
        }
        switch HealthResponder.router.match(head.method, path: path) {
        case .route(let route): return (route.tallied, answer(head, peer, route, query))
        case .methodNotAllowed(let route, let allow):
            return (route.tallied, .response(HealthResponder.methodNotAllowed(allow)))
        case .notFound: return (.other, .response(HealthResponder.notFound))
        }
    }

    private func answer(_ head: RequestHead, _ peer: Peer, _ route: Route, _ query: String?) -> Answer {
        switch route {
        case .page: health(head, peer, query, Format.forPeople)
        case .health: health(head, peer, query, Format.forPrograms)
        case .service(let name): service(name, head, peer, query)
        case .live: .response(HealthResponder.alive)
        case .ready: .response(readiness)
        case .metrics:
            .response(
                meter.response(
                    to: head, terms.audience.detail(for: head, peer).0, isDraining: isDraining,
                    fields: HealthResponder.negotiated))
        }
    }

    private func health(_ head: RequestHead, _ peer: Peer, _ query: String?, _ offer: Format.Offer) -> Answer {
        let excluded = Query.values(of: "exclude", in: query)
        let format = offer.preferred(by: head, query)
        guard !excluded.isEmpty else { return report(on: .all, format, head, peer) }
        let known = Set(excluded).intersection(terms.names)
        let warnings = excluded.filter { !known.contains($0) }.prefix(HealthResponder.warningLimit)
            .map { "exclude: \(unknown($0))" }
        return report(on: known.isEmpty ? .all : .excluding(known), format, head, peer, warnings)
    }

    private func service(_ name: String, _ head: RequestHead, _ peer: Peer, _ query: String?) -> Answer {
        guard terms.names.contains(name) else {
            return .response(.text(.notFound, "404 Not Found: \(unknown(name))\n", fields: HealthResponder.fields))
        }
        return report(on: .only(name), Format.forPrograms.preferred(by: head, query), head, peer)
    }

    private func report(
        on selection: Selection, _ format: Format, _ head: RequestHead, _ peer: Peer, _ warnings: [String] = []
    ) -> Answer {
        let (detail, warning) = terms.audience.detail(for: head, peer)
        return .report(
            Question(
                selection: selection, format: format, detail: detail, unhealthy: terms.unhealthy,
                warnings: warnings + (warning.map { [$0] } ?? [])))
    }

    // MARK: Reports

    /// nil if a check is needed.
    private func response(atHandTo question: Question) -> Response? {
        if isDraining { return response(whileDrainingTo: question) }
        return aggregator.assumeIsolated { $0.known(question.selection) }.map { response(to: question, $0) }
    }

    /// Draining may have begun since the question: then nothing is called healthy any more.
    private func response(to question: Question, fresh report: Aggregator.Numbered) -> Response {
        isDraining ? response(whileDrainingTo: question) : response(to: question, report)
    }

    private func response(whileDrainingTo question: Question) -> Response {
        response(to: question, aggregator.assumeIsolated { $0.lastKnown(question.selection, cause: .draining) })
    }

    /// Encoded once for all who ask the same and get the same report.
    private func response(to question: Question, _ report: Aggregator.Numbered) -> Response {
        guard question.warnings.isEmpty else { return encode(report.report, question) }
        if let found = encoded[question], found.number == report.number { return found.response }
        let response = encode(report.report, question)
        if encoded.count >= HealthResponder.encodedLimit, encoded[question] == nil { encoded.removeAll() }
        encoded[question] = (report.number, response)
        return response
    }

    private func encode(_ report: Report, _ question: Question) -> Response {
        let status = report.status == .unhealthy ? question.unhealthy : .ok
        let (detail, fields) = (question.detail, HealthResponder.negotiated)
        switch question.format {
        case .json:
            let text = JSONReport.encode(report, detail, warnings: question.warnings)
            return Response(status: status, contentType: "application/json", fields: fields, content: text.utf8)
        case .text:
            return .text(status, TextReport.encode(report, detail), fields: fields)
        case .healthJSON:
            let text = HealthJSON.encode(report, detail, version: Healthz.version, warnings: question.warnings)
            return Response(status: status, contentType: HealthJSON.mediaType, fields: fields, content: text.utf8)
        case .page(let refreshes):
            let setting = StatusPage.Setting(
                node: NodeName.own, version: Healthz.version, selection: question.selection, code: status.code,
                refreshes: refreshes)
            let text = StatusPage.encode(report, detail, setting, warnings: question.warnings)
            return Response(
                status: status, contentType: "text/html; charset=utf-8", fields: fields + HealthResponder.ofPage,
                content: text.utf8)
        }
    }

    private func unknown(_ name: String) -> String {
        "no service is named \"\(Printable.escape(name, limit: 64))\"; there are: \(terms.names.joined(separator: ", "))"
    }

    private var readiness: Response {
        if isDraining { return HealthResponder.draining }
        guard let reloadFailedAt else { return HealthResponder.ready }
        return .text(
            .ok,
            "ready, but the reload at \(reloadFailedAt.rfc3339) failed: the configuration before it is in force, and "
                + "the log says what is wrong with the new one\n",
            fields: HealthResponder.fields)
    }

    // MARK: Fixed answers

    private static let fields = [
        HTTPField(name: .cacheControl, value: "no-store"),
        HTTPField(name: .xContentTypeOptions, value: "nosniff"),
    ]
    private static let negotiated = fields + [HTTPField(name: .vary, value: "Accept")]
    private static let ofPage =
        [HTTPField(name: .contentSecurityPolicy, value: StatusPage.contentSecurityPolicy)]
        + [HTTPField.Name("Referrer-Policy")].compactMap { $0.map { HTTPField(name: $0, value: "no-referrer") } }

    private static let alive = Response.text(.ok, "alive\n", fields: fields)
    private static let ready = Response.text(.ok, "ready\n", fields: fields)
    private static let draining = Response.text(.serviceUnavailable, "draining\n", fields: fields)
    private static let notFound = Response.text(
        .notFound, "404 Not Found: there are /, /healthz, /healthz/NAME, /livez, /readyz and /metrics\n", fields: fields
    )

    private static func methodNotAllowed(_ allow: HTTPField) -> Response {
        .text(.methodNotAllowed, "405 Method Not Allowed: only \(allow.value)\n", fields: fields + [allow])
    }
}
