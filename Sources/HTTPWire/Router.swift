package import HTTPTypes

/// Maps a method and a path to a route of the program.
package struct Router<Route: Sendable>: Sendable {
    package enum Match {
        case route(Route)
        /// - Parameter rest: the rest of the path, decoded.
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
    ///   - below: routes by the beginning of their path; the rest varies.
    ///   - methods: the methods of every route.
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
