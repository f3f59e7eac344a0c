package import HTTPTypes

/// Turns a method and a path into one of the program's routes.
package struct Router<Route: Sendable>: Sendable {
    package enum Match {
        /// - Parameter segment: the decoded rest of the path, for a route below another.
        case route(Route, segment: String?)
        case notFound
        /// The path exists, but not for this method: a 405 with this field.
        case methodNotAllowed(Route, allow: HTTPField)
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
        let found = exact[path].map { (route: $0, segment: nil) } ?? routeBelow(path)
        guard let (route, segment) = found else { return .notFound }
        guard methods.contains(method) else { return .methodNotAllowed(route, allow: allow) }
        return .route(route, segment: segment)
    }

    package var allow: HTTPField {
        HTTPField(name: .allow, value: methods.map(\.rawValue).joined(separator: ", "))
    }

    private func routeBelow(_ path: String) -> (route: Route, segment: String?)? {
        for (prefix, route) in below where path.hasPrefix(prefix) {
            return (route, PercentEncoding.decode(path.dropFirst(prefix.count)))
        }
        return nil
    }
}
