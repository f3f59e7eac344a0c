/// What a request is for.
enum Route: Int, CaseIterable, Sendable {
    case health, service, live, ready, metrics, page
    /// A path that is none of these, or no path at all.
    case other

    /// The path, as metrics name it.
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
