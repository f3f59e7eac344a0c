/// The route of a request.
enum Route: Int, CaseIterable, Sendable {
    case health, service, live, ready, metrics, page
    /// Any other path, and requests without a path.
    case other

    /// The label in metrics.
    var label: String {
        switch self {
        case .health: "/healthz"
        case .service: "/healthz/NAME"
        case .live: "/livez"
        case .ready: "/readyz"
        case .metrics: "/metrics"
        case .page: "/"
        case .other: "other"
        }
    }
}
