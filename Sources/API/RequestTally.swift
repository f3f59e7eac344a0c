import HTTPWire

/// How many requests have been answered, by route and status code: two closed sets, whatever clients ask for.
struct RequestTally {
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
