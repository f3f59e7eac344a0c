package import HTTPClient

/// The address and the credentials of a node's Consul agent, from the CONSUL_* variables.
package struct ConsulAgent: Sendable, Equatable {
    /// The credential of a request.
    package enum Token: Sendable, Equatable {
        case none
        case text(Secret)
        /// Read at the start, at a reload, and after a refusal.
        case file(String)
    }

    /// The verification of an https agent, and the client's certificate: paths of PEM files.
    package struct TLS: Sendable, Equatable {
        package var authorities: String?
        /// A folder with one file for each authority.
        package var authoritiesFolder: String?
        package var certificate: String?
        package var key: String?
        package var serverName: String?
        package var isVerified = true

        package init() {}
    }

    /// With the prefix of all paths, and the credentials for a proxy before the agent.
    package let url: URL
    package let token: Token
    package let tls: TLS
    /// Of Consul Enterprise.
    package let namespace: String?
    package let partition: String?

    /// - Parameters:
    ///   - address: from the configuration; overrides CONSUL_HTTP_ADDR.
    ///   - tokenFile: from the configuration; overrides the variables.
    package init(
        address: String? = nil, tokenFile: String? = nil, _ environment: Environment
    ) throws(ConsulMistake) {
        let setting =
            address.map { ("the address", $0) } ?? environment["CONSUL_HTTP_ADDR"].map { ("CONSUL_HTTP_ADDR", $0) }
        let isTLS = try ConsulAgent.flag("CONSUL_HTTP_SSL", environment) ?? false
        let (name, text) = setting ?? ("CONSUL_HTTP_ADDR", "127.0.0.1:8500")
        guard let url = ConsulAgent.url(text, isTLS: isTLS) else { throw .address(name: name) }
        let credentials = environment["CONSUL_HTTP_AUTH"].map(ConsulAgent.credentials)
        self.url = url.with(credentials: credentials, socketPath: url.socketPath)
        token = try ConsulAgent.token(tokenFile, environment)
        namespace = environment["CONSUL_NAMESPACE"]
        partition = environment["CONSUL_PARTITION"]
        var tls = TLS()
        tls.authorities = environment["CONSUL_CACERT"]
        tls.authoritiesFolder = environment["CONSUL_CAPATH"]
        tls.certificate = environment["CONSUL_CLIENT_CERT"]
        tls.key = environment["CONSUL_CLIENT_KEY"]
        tls.serverName = environment["CONSUL_TLS_SERVER_NAME"]
        tls.isVerified = try ConsulAgent.flag("CONSUL_HTTP_SSL_VERIFY", environment) ?? true
        self.tls = tls
    }

    /// `host:port`, an http or https URL, or `unix:///path`, as in Consul's own programs.
    private static func url(_ text: String, isTLS: Bool) -> URL? {
        if let scheme = text.firstRange(of: "://") {
            let rest = text[scheme.upperBound...]
            switch text[..<scheme.lowerBound].lowercased() {
            case "unix":
                // The Host field needs a name that is not an address.
                let isPath = rest.hasPrefix("/") && !rest.utf8.contains(0)
                return isPath ? URL(scheme: .http, host: "localhost", target: "/", socketPath: String(rest)) : nil
            case "http": return URL(text: isTLS ? "https://\(rest)" : text)
            case "https": return URL(text: text)
            default: return nil
            }
        }
        return URL(text: "\(isTLS ? "https" : "http")://\(text)")
    }

    private static func credentials(_ text: String) -> URL.Credentials {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return URL.Credentials(user: parts[0], password: parts.count > 1 ? parts[1] : "")
    }

    /// A file overrides the text, as in Consul's own programs.
    private static func token(_ file: String?, _ environment: Environment) throws(ConsulMistake) -> Token {
        if let path = file ?? environment["CONSUL_HTTP_TOKEN_FILE"] { return .file(path) }
        guard let text = environment["CONSUL_HTTP_TOKEN"] else { return .none }
        guard text.isFieldValue else { throw .token }
        return .text(Secret(text))
    }

    private static func flag(_ name: String, _ environment: Environment) throws(ConsulMistake) -> Bool? {
        guard let text = environment[name] else { return nil }
        switch text {
        case "1", "t", "T", "true", "True", "TRUE": return true
        case "0", "f", "F", "false", "False", "FALSE": return false
        default: throw .flag(name: name)
        }
    }

    /// The token in a file, without the line break at its end.
    package static func token(inFile bytes: [UInt8]) -> Secret? {
        var rest = bytes[...]
        while let last = rest.last, last == 0x0A || last == 0x0D || last == 0x20 { rest.removeLast() }
        let text = String(decoding: rest, as: UTF8.self)
        return !text.isEmpty && text.isFieldValue ? Secret(text) : nil
    }
}

/// A mistake in the configuration of Consul. The set is closed: each mistake has one case and one text.
package enum ConsulMistake: Error, Sendable, Hashable {
    /// The value is not shown, because it may have credentials.
    case address(name: String)
    case flag(name: String)
    case token
    case serviceName(String)
    case serviceID(String)
    case serviceAddress(String)
    case port(Int)
    case tag(String)
    case metaKey(String)
    case metaValue(key: String)
    case timeToLive
    case deregisterAfter
}

extension ConsulMistake: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let name): "\(name) is neither HOST:PORT nor an http, https or unix URL"
        case .flag(let name): "\(name) is neither true nor false"
        case .token: "CONSUL_HTTP_TOKEN has a line break or another control character in it"
        case .serviceName(let text):
            "\"\(text)\" is not a service's name: it has no character, or one that cannot be shown"
        case .serviceID(let text):
            "\"\(text)\" is not a service's identifier: it has no character, or one that cannot be shown"
        case .serviceAddress(let text): "the service's address \"\(text)\" stands for every address"
        case .port(let port): "\(port) is not a port: 1 to 65535"
        case .tag(let text): "\"\(text)\" is not a tag: it has no character, or one that cannot be shown"
        case .metaKey(let key): "the meta name \"\(key)\" is not 1 to 128 ASCII letters, digits, _ and -"
        case .metaValue(let key): "the meta value of \(key) is longer than 512 bytes"
        case .timeToLive: "a TTL is at least a second"
        case .deregisterAfter: "Consul deregisters a critical service after a minute at the earliest"
        }
    }
}
