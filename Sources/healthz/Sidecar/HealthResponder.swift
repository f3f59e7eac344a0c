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
    }

    /// Different answers kept encoded: clients can ask for any set of exclusions.
    private static let encodedLimit = 64

    private static let router = Router<Route>(
        exact: ["/healthz": .health, "/livez": .live, "/readyz": .ready],
        below: ["/healthz": { .service($0) }])

    private nonisolated let loop: EventLoop
    private let aggregator: Aggregator
    private let maxAge: Duration
    private let names: [String]
    private var isDraining = false
    private var encoded: [Question: (number: Int, response: Response)] = [:]

    /// - Parameter maxAge: how old an answer may be.
    init(_ aggregator: Aggregator, maxAge: Duration, on loop: EventLoop) {
        self.loop = loop
        self.aggregator = aggregator
        self.maxAge = maxAge
        names = aggregator.targets.map(\.name)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// From now on the node is not to be used.
    func drain() {
        isDraining = true
    }

    func reply(to head: RequestHead) -> Reply {
        guard case .origin(let path, let query) = head.target else {
            return .now(HealthResponder.methodNotAllowed(HealthResponder.router.allow))
        }
        switch HealthResponder.router.match(head.method, path: path) {
        case .route(.health): return health(head, excluding: Query.values(of: "exclude", in: query))
        case .route(.service(let name)): return service(name, head)
        case .route(.live): return .now(HealthResponder.alive)
        case .route(.ready): return .now(isDraining ? HealthResponder.draining : HealthResponder.ready)
        case .methodNotAllowed(let allow): return .now(HealthResponder.methodNotAllowed(allow))
        case .notFound: return .now(HealthResponder.notFound)
        }
    }

    private func health(_ head: RequestHead, excluding excluded: [String]) -> Reply {
        guard !excluded.isEmpty else { return report(Question(selection: .all, format: format(head)), warnings: []) }
        let known = Set(excluded).intersection(names)
        let warnings = excluded.filter { !known.contains($0) }.map { "exclude: \(unknown($0))" }
        let selection: Selection = known.isEmpty ? .all : .excluding(known)
        return report(Question(selection: selection, format: format(head)), warnings: warnings)
    }

    private func service(_ name: String, _ head: RequestHead) -> Reply {
        guard names.contains(name) else {
            return .now(.text(.notFound, "404 Not Found: \(unknown(name))\n", fields: HealthResponder.fields))
        }
        return report(Question(selection: .only(name), format: format(head)), warnings: [])
    }

    private func report(_ question: Question, warnings: [String]) -> Reply {
        if isDraining {
            let report = aggregator.assumeIsolated { $0.lastKnown(question.selection, cause: .draining) }
            return .now(response(to: question, report, warnings))
        }
        if let report = aggregator.assumeIsolated({ $0.remembered(question.selection, maxAge: maxAge) }) {
            return .now(response(to: question, report, warnings))
        }
        return .later { [self] in await fresh(question, warnings) }
    }

    private func fresh(_ question: Question, _ warnings: [String]) async -> Response {
        let report = await aggregator.report(on: question.selection, maxAge: maxAge)
        // Draining may have begun meanwhile: then nothing is called healthy any more.
        guard !isDraining else {
            return await response(to: question, aggregator.lastKnown(question.selection, cause: .draining), warnings)
        }
        return response(to: question, report, warnings)
    }

    /// Encoded once for all who ask the same and get the same report.
    private func response(to question: Question, _ report: Aggregator.Numbered, _ warnings: [String]) -> Response {
        guard warnings.isEmpty else { return encode(report.report, question.format, warnings) }
        if let found = encoded[question], found.number == report.number { return found.response }
        let response = encode(report.report, question.format, [])
        if encoded.count >= HealthResponder.encodedLimit, encoded[question] == nil { encoded.removeAll() }
        encoded[question] = (report.number, response)
        return response
    }

    private func encode(_ report: Report, _ format: Format, _ warnings: [String]) -> Response {
        let status: HTTPResponse.Status = report.status == .healthy ? .ok : .internalServerError
        return switch format {
        case .json:
            Response(
                status: status, contentType: "application/json", fields: HealthResponder.negotiated,
                content: JSONReport.encode(report, warnings: warnings).utf8)
        case .text:
            .text(status, TextReport.encode(report), fields: HealthResponder.negotiated)
        }
    }

    private func format(_ head: RequestHead) -> Format {
        let index = Accept.preferred(head.fields[.accept], of: Format.allCases.map(\.mediaType))
        return Format(rawValue: index) ?? .json
    }

    private func unknown(_ name: String) -> String {
        "no service is named \"\(Printable.escape(name, limit: 64))\"; there are: \(names.joined(separator: ", "))"
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
