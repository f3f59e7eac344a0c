/// An http, https or tcp URL in valid parts, with its secrets kept apart.
package struct URL: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http, https
        /// A plain connection.
        case tcp

        /// 0 if there is none.
        package var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            case .tcp: 0
            }
        }
    }

    package struct Credentials: Sendable, Hashable {
        package let user: String
        package let password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// The IP version of the addresses to connect to.
    package enum IPVersion: String, Sendable, CaseIterable {
        case four = "4"
        case six = "6"
    }

    package let scheme: Scheme
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// The request target in origin form (RFC 9112 §3.2.1): begins with "/", percent-encoded, with the query. Empty
    /// for tcp.
    package let target: String
    package let credentials: Credentials?
    /// The path of a UNIX domain socket to connect to instead of host and port.
    package let socketPath: String?
    /// nil for any address of the host.
    package private(set) var ipVersion: IPVersion?
    /// Host and port as in a URL, without the scheme's default port.
    package let authority: String
    /// The place of the server for a message: `loki:3100`, `[::1]:3100` or `unix:/run/healthz.sock`.
    package let place: String
    /// The URL without its credentials: safe to show.
    package let description: String

    package init(
        scheme: Scheme, host: String, port: Int? = nil, target: String,
        credentials: Credentials? = nil, socketPath: String? = nil
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.target = target
        self.credentials = credentials
        self.socketPath = socketPath
        let name = host.contains(":") ? "[\(host)]" : host
        authority = self.port == scheme.defaultPort ? name : "\(name):\(self.port)"
        place = socketPath.map { "unix:\($0)" } ?? "\(name):\(self.port)"
        description = socketPath.map { "unix:\($0):\(target)" } ?? "\(scheme.rawValue)://\(authority)\(target)"
    }

    /// The same origin, with another request target.
    package func with(target: String) -> URL {
        URL(
            scheme: scheme, host: host, port: port, target: target, credentials: credentials, socketPath: socketPath
        ).with(ipVersion)
    }

    package func with(credentials: Credentials?, socketPath: String?) -> URL {
        URL(
            scheme: scheme, host: host, port: port, target: target, credentials: credentials, socketPath: socketPath
        ).with(ipVersion)
    }

    package func with(_ ipVersion: IPVersion?) -> URL {
        var copy = self
        copy.ipVersion = ipVersion
        return copy
    }

    /// The base URL's path and `path` (which begins with "/") joined by one slash: Grafana answers `//api/health`
    /// with a redirect.
    package func appending(path: String) -> URL {
        var base = Substring(target)
        while base.hasSuffix("/") { base.removeLast() }
        return with(target: base + path)
    }
}

extension URL: CustomStringConvertible {}
