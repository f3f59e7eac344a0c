import HTTPWire

/// How many requests have been answered, by route and status code: two closed sets, whatever clients ask for.
struct RequestTally {
    enum Route: Int, CaseIterable {
        case health, service, live, ready, metrics, page
        /// A path that is none of ours, or no path at all.
        case other

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

    private var codes = [StatusTally](repeating: StatusTally(), count: Route.allCases.count)

    mutating func record(_ route: Route, _ code: Int) {
        codes[route.rawValue].record(code)
    }

    /// Those that there have been.
    var counts: [(route: Route, code: Int, count: Int)] {
        Route.allCases.flatMap { route in
            codes[route.rawValue].counts.map { (route, $0.code, $0.count) }
        }
    }
}
