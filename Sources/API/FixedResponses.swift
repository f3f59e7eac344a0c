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
    static let pageFields =
        negotiatedFields + [HTTPField(name: .contentSecurityPolicy, value: StatusPage.contentSecurityPolicy)]
        + [HTTPField.Name("Referrer-Policy")].compactMap { $0.map { HTTPField(name: $0, value: "no-referrer") } }

    static let alive = Response.text(.ok, "alive\n", fields: fields)
    static let ready = Response.text(.ok, "ready\n", fields: fields)
    static let draining = Response.text(.serviceUnavailable, "draining\n", fields: fields)
    static let notFound = Response.text(
        .notFound, "404 Not Found: there are /, /healthz, /healthz/NAME, /livez, /readyz and /metrics\n", fields: fields
    )

    static func ready(reloadFailedAt time: Timestamp) -> Response {
        .text(
            .ok,
            "ready, but the reload at \(time.rfc3339) failed: the configuration before it is in force, and the log says "
                + "what is wrong with the new one\n",
            fields: fields)
    }

    static func methodNotAllowed(_ allow: HTTPField) -> Response {
        .text(.methodNotAllowed, "405 Method Not Allowed: only \(allow.value)\n", fields: fields + [allow])
    }
}
