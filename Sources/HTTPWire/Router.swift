package import HTTPTypes

/// Turns a method and a path into one of the program's routes.
package struct Router<Route: Sendable>: Sendable {
    package enum Match {
        case route(Route)
        case notFound
        /// The path exists, but not for this method: a 405 with this field.
        case methodNotAllowed(Route, allow: HTTPField)
    }

    private let exact: [String: Route]
    private let below: [(prefix: String, route: @Sendable (String) -> Route)]
    private let methods: [HTTPRequest.Method]

    /// - Parameters:
    ///   - exact: routes by their path.
    ///   - below: routes by the path before their last segment, made from that segment, decoded.
    ///   - methods: what every route serves.
    package init(
        exact: [String: Route], below: [String: @Sendable (String) -> Route] = [:],
        methods: [HTTPRequest.Method] = [.get, .head]
    ) {
        self.exact = exact
        self.below = below.map { (prefix: "\($0.key)/", route: $0.value) }
        self.methods = methods
    }

    package func match(_ method: HTTPRequest.Method, path: String) -> Match {
        guard let route = exact[path] ?? routeBelow(path) else { return .notFound }
        guard methods.contains(method) else { return .methodNotAllowed(route, allow: allow) }
        return .route(route)
    }

    package var allow: HTTPField {
        HTTPField(name: .allow, value: methods.map(\.rawValue).joined(separator: ", "))
    }

    private func routeBelow(_ path: String) -> Route? {
        for (prefix, route) in below where path.hasPrefix(prefix) {
            return route(PercentEncoding.decode(path.dropFirst(prefix.count)))
        }
        return nil
    }
}
