import Configuration
import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import Health
import Reporting

/// Answers requests: the paths of the API over the aggregator's reports. docs/api.md describes it.
actor HealthResponder {
    private enum Route: Sendable {
        case health
        case service(String)
        case live
        case ready
    }

    private enum Format: Int, CaseIterable, Sendable {
        case json, text

        var mediaType: String { self == .json ? "application/json" : "text/plain" }
    }

    /// What is asked for and how it shall be written.
    private struct Question: Hashable, Sendable {
        let selection: Selection
        let format: Format
        let detail: Detail
    }

    /// Different answers kept encoded: clients can ask for any set of exclusions.
    private static let encodedLimit = 64

    private static let router = Router<Route>(
        exact: ["/healthz": .health, "/livez": .live, "/readyz": .ready],
        below: ["/healthz": { .service($0) }])

    private nonisolated let loop: EventLoop
    private let aggregator: Aggregator
    private var names: [String] = []
    private var unhealthy = HTTPResponse.Status.internalServerError
    private var audience: Audience
    private var isDraining = false
    private var reloadFailedAt: Timestamp?
    private var encoded: [Question: (number: Int, response: Response)] = [:]

    init(_ configuration: Configuration, _ aggregator: Aggregator, on loop: EventLoop) {
        self.loop = loop
        self.aggregator = aggregator
        names = configuration.services.map(\.name)
        unhealthy = HTTPResponse.Status(code: configuration.unhealthyStatus)
        audience = Audience(configuration)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// From now on, answers are about this.
    func adopt(_ configuration: Configuration) {
        names = configuration.services.map(\.name)
        unhealthy = HTTPResponse.Status(code: configuration.unhealthyStatus)
        audience = Audience(configuration)
        reloadFailedAt = nil
        encoded = [:]
    }

    /// A new configuration was asked for, and the old one is still in force.
    func reloadFailed(at time: Timestamp) {
        reloadFailedAt = time
    }

    /// From now on the node is not to be used.
    func drain() {
        isDraining = true
    }

    func reply(to head: RequestHead, from peer: Peer) -> Reply {
        guard case .origin(let path, let query) = head.target else {
            return .now(HealthResponder.methodNotAllowed(HealthResponder.router.allow))
        }
        switch HealthResponder.router.match(head.method, path: path) {
        case .route(.health): return health(head, peer, excluding: Query.values(of: "exclude", in: query))
        case .route(.service(let name)): return service(name, head, peer)
        case .route(.live): return .now(HealthResponder.alive)
        case .route(.ready): return .now(readiness)
        case .methodNotAllowed(let allow): return .now(HealthResponder.methodNotAllowed(allow))
        case .notFound: return .now(HealthResponder.notFound)
        }
    }

    private func health(_ head: RequestHead, _ peer: Peer, excluding excluded: [String]) -> Reply {
        guard !excluded.isEmpty else { return report(on: .all, head, peer) }
        let known = Set(excluded).intersection(names)
        let warnings = excluded.filter { !known.contains($0) }.map { "exclude: \(unknown($0))" }
        return report(on: known.isEmpty ? .all : .excluding(known), head, peer, warnings)
    }

    private func service(_ name: String, _ head: RequestHead, _ peer: Peer) -> Reply {
        guard names.contains(name) else {
            return .now(.text(.notFound, "404 Not Found: \(unknown(name))\n", fields: HealthResponder.fields))
        }
        return report(on: .only(name), head, peer)
    }

    private func report(
        on selection: Selection, _ head: RequestHead, _ peer: Peer, _ warnings: [String] = []
    ) -> Reply {
        let (detail, warning) = audience.detail(for: head, peer)
        let warnings = warnings + (warning.map { [$0] } ?? [])
        let question = Question(selection: selection, format: format(head), detail: detail)
        if isDraining { return .now(drained(question, warnings)) }
        if let report = aggregator.assumeIsolated({ $0.known(selection) }) {
            return .now(response(to: question, report, warnings))
        }
        return .later { [self] answer in
            aggregator.assumeIsolated { aggregator in
                aggregator.ask(selection) { report in
                    answer(self.assumeIsolated { $0.fresh(report, question, warnings) })
                }
            }
        }
    }

    /// Draining may have begun meanwhile: then nothing is called healthy any more.
    private func fresh(_ report: Aggregator.Numbered, _ question: Question, _ warnings: [String]) -> Response {
        isDraining ? drained(question, warnings) : response(to: question, report, warnings)
    }

    private func drained(_ question: Question, _ warnings: [String]) -> Response {
        let report = aggregator.assumeIsolated { $0.lastKnown(question.selection, cause: .draining) }
        return response(to: question, report, warnings)
    }

    /// Encoded once for all who ask the same and get the same report.
    private func response(to question: Question, _ report: Aggregator.Numbered, _ warnings: [String]) -> Response {
        guard warnings.isEmpty else { return encode(report.report, question, warnings) }
        if let found = encoded[question], found.number == report.number { return found.response }
        let response = encode(report.report, question, [])
        if encoded.count >= HealthResponder.encodedLimit, encoded[question] == nil { encoded.removeAll() }
        encoded[question] = (report.number, response)
        return response
    }

    private func encode(_ report: Report, _ question: Question, _ warnings: [String]) -> Response {
        let status = report.status == .unhealthy ? unhealthy : .ok
        return switch question.format {
        case .json:
            Response(
                status: status, contentType: "application/json", fields: HealthResponder.negotiated,
                content: JSONReport.encode(report, question.detail, warnings: warnings).utf8)
        case .text:
            .text(status, TextReport.encode(report, question.detail), fields: HealthResponder.negotiated)
        }
    }

    private func format(_ head: RequestHead) -> Format {
        let index = Accept.preferred(head.fields[.accept], of: Format.allCases.map(\.mediaType))
        return Format(rawValue: index) ?? .json
    }

    private func unknown(_ name: String) -> String {
        "no service is named \"\(Printable.escape(name, limit: 64))\"; there are: \(names.joined(separator: ", "))"
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

    private static let alive = Response.text(.ok, "alive\n", fields: fields)
    private static let ready = Response.text(.ok, "ready\n", fields: fields)
    private static let draining = Response.text(.serviceUnavailable, "draining\n", fields: fields)
    private static let notFound = Response.text(
        .notFound, "404 Not Found: there are /healthz, /healthz/NAME, /livez and /readyz\n", fields: fields)

    private static func methodNotAllowed(_ allow: HTTPField) -> Response {
        .text(.methodNotAllowed, "405 Method Not Allowed: only \(allow.value)\n", fields: fields + [allow])
    }
}
