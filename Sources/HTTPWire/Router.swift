package import HTTPTypes

/// Turns a method and a path into one of the program's routes.
package struct Router<Route: Sendable>: Sendable {
    package enum Match {
        case route(Route)
        /// - Parameter rest: of the path, decoded.
        case routeBelow(Route, rest: String)
        case notFound
        /// The path exists, but not for this method: a 405 with the field `allow`.
        case methodNotAllowed(Route)
    }

    private let exact: [String: Route]
    private let below: [(prefix: String, route: Route)]
    private let methods: [HTTPRequest.Method]

    /// - Parameters:
    ///   - exact: routes by their path.
    ///   - below: routes by the path before the rest that varies.
    ///   - methods: what every route serves.
    package init(
        exact: [String: Route], below: [String: Route] = [:],
        methods: [HTTPRequest.Method] = [.get, .head]
    ) {
        self.exact = exact
        self.below = below.map { (prefix: "\($0.key)/", route: $0.value) }
        self.methods = methods
    }

    package func match(_ method: HTTPRequest.Method, path: String) -> Match {
        if let route = exact[path] {
            return methods.contains(method) ? .route(route) : .methodNotAllowed(route)
        }
        for (prefix, route) in below where path.hasPrefix(prefix) {
            guard methods.contains(method) else { return .methodNotAllowed(route) }
            return .routeBelow(route, rest: PercentEncoding.decode(path.dropFirst(prefix.count)))
        }
        return .notFound
    }

    package var allow: HTTPField {
        HTTPField(name: .allow, value: methods.map(\.rawValue).joined(separator: ", "))
    }
}
