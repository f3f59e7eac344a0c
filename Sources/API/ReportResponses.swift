import HTTPTypes
import HTTPWire
import Health
import Reporting

/// Reports, encoded as responses. The last responses are kept.
struct ReportResponses {
    /// How many responses are kept. Clients can ask for any set of exclusions, so there is a limit.
    private static let limit = 64

    /// Read for each report that is encoded.
    var discovery: (@Sendable () -> [DiscoveryFigures])?
    private let origin: Origin
    private var encoded: [Question: (number: Int, response: Response)] = [:]

    init(_ origin: Origin) {
        self.origin = origin
    }

    mutating func removeAll() {
        encoded = [:]
    }

    /// Encodes a report once for all clients that send the same request.
    mutating func response(to question: Question, _ report: Aggregator.Numbered) -> Response {
        guard question.warnings.isEmpty else { return encode(report.report, question) }
        if let found = encoded[question], found.number == report.number { return found.response }
        let response = encode(report.report, question)
        if encoded.count >= ReportResponses.limit, encoded[question] == nil { encoded.removeAll() }
        encoded[question] = (report.number, response)
        return response
    }

    /// The registration is of the node, so a report on one service does not show it.
    private func discovery(in question: Question) -> [DiscoveryFigures] {
        if case .only = question.selection { return [] }
        return discovery?() ?? []
    }

    private func encode(_ report: Report, _ question: Question) -> Response {
        let status: HTTPResponse.Status =
            switch report.status {
            case .healthy: .ok
            case .degraded: question.statuses.degraded
            case .unhealthy: question.statuses.unhealthy
            }
        let (detail, fields) = (question.detail, FixedResponses.reportFields)
        switch question.format {
        case .json:
            let text = JSONReport.encode(
                report, detail, discovery: discovery(in: question), warnings: question.warnings)
            return Response(status: status, contentType: "application/json", fields: fields, content: text.utf8)
        case .text:
            return .text(status, TextReport.encode(report, detail), fields: fields)
        case .healthJSON:
            let text = HealthJSON.encode(
                report, detail, version: origin.version, discovery: discovery(in: question),
                warnings: question.warnings)
            return Response(status: status, contentType: HealthJSON.mediaType, fields: fields, content: text.utf8)
        case .page(let refreshes):
            let setting = StatusPage.Setting(
                node: origin.node, version: origin.version, selection: question.selection, code: status.code,
                refreshes: refreshes, runbook: question.runbook, discovery: discovery(in: question))
            let text = StatusPage.encode(report, detail, setting, warnings: question.warnings)
            return Response(
                status: status, contentType: "text/html; charset=utf-8", fields: FixedResponses.pageFields,
                content: text.utf8)
        }
    }
}
