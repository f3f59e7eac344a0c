import HTTPWire

/// Counts answered requests by route and status code. Both are closed sets, so clients cannot make it grow.
struct RequestTally {
    private var codes = [StatusTally](repeating: StatusTally(), count: Route.allCases.count)

    mutating func record(_ route: Route, _ code: Int) {
        codes[route.rawValue].record(code)
    }

    /// All pairs with at least one request.
    var counts: [(route: Route, code: Int, count: Int)] {
        Route.allCases.flatMap { route in
            codes[route.rawValue].counts.map { (route, $0.code, $0.count) }
        }
    }
}
