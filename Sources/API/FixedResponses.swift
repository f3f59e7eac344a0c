import HTTPTypes
import HTTPWire
import Reporting
import Time

/// Responses that depend on no report, and the fields that all responses have.
enum FixedResponses {
    static let fields = [
        HTTPField(name: .cacheControl, value: "no-store"),
        HTTPField(name: .xContentTypeOptions, value: "nosniff"),
    ]
    /// For a path with more than one format.
    static let negotiatedFields = fields + [HTTPField(name: .vary, value: "Accept")]
    /// For a report. It is a page only for clients that navigate.
    static let reportFields =
        fields + [HTTPField(name: .vary, value: "Accept, Sec-Fetch-Mode, Upgrade-Insecure-Requests")]
    static let pageFields =
        reportFields + [HTTPField(name: .contentSecurityPolicy, value: StatusPage.contentSecurityPolicy)]
        + [HTTPField.Name("Referrer-Policy")].compactMap { $0.map { HTTPField(name: $0, value: "no-referrer") } }

    static let alive = Response.text(.ok, "alive\n", fields: fields)
    static let ready = Response.text(.ok, "ready\n", fields: fields)
    static let draining = Response.text(.serviceUnavailable, "draining\n", fields: fields)
    static func ready(reloadFailedAt time: Timestamp) -> Response {
        .text(
            .ok,
            "ready, but the reload at \(time.rfc3339) failed: the configuration before it is in force, and the log says "
                + "what is wrong with the new one\n",
            fields: fields)
    }

    private static let paths = "there are /, /healthz, /healthz/NAME, /livez, /readyz and /metrics"

    static func notFound(_ head: RequestHead, _ text: String = paths) -> Response {
        refusal(head, .notFound, text)
    }

    static func methodNotAllowed(_ head: RequestHead, _ allow: HTTPField) -> Response {
        refusal(head, .methodNotAllowed, "only \(allow.value)", [allow])
    }

    /// A line of text, or a page for a browser.
    private static func refusal(
        _ head: RequestHead, _ status: HTTPResponse.Status, _ text: String, _ more: [HTTPField] = []
    ) -> Response {
        let title = "\(status.code) \(status.reasonPhrase)"
        guard case .page = Format.forPeople.preferred(by: head, nil) else {
            return .text(status, "\(title): \(text)\n", fields: negotiatedFields + more)
        }
        return Response(
            status: status, contentType: "text/html; charset=utf-8", fields: pageFields + more,
            content: ErrorPage.encode(title, text).utf8)
    }
}
