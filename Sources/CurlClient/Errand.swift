package import HTTPClient

/// The use of a libcurl handle: a request, or a plain connection.
struct Errand: Equatable {
    /// A plain connection uses only the URL and the limit.
    let request: Request
    let isConnectionAlone: Bool
    /// Whether a dialogue follows on a plain connection, so that libcurl must not close it.
    var staysOpen = false

    static func request(_ request: Request) -> Errand {
        Errand(request: request, isConnectionAlone: false)
    }

    static func connection(to url: URL) -> Errand {
        Errand(request: Request(url), isConnectionAlone: true)
    }

    static func dialogue(at url: URL) -> Errand {
        Errand(request: Request(url), isConnectionAlone: true, staysOpen: true)
    }

    var url: URL { request.url }

    /// Connections to a UNIX socket are not kept: their ends have no addresses to identify them, and a new one costs
    /// little.
    var keepsConnection: Bool { request.reusesConnection && url.socketPath == nil }

    /// The host name for libcurl: the one that the certificate must match.
    var verifiedHost: String { request.tls.serverName ?? url.host }

    /// How libcurl gets the address.
    enum Addressing {
        /// From the URL.
        case known
        /// This address; the URL has the name that the certificate must match.
        case given(String)
        /// The addresses of this name, which the client looks up.
        case name(String)
    }

    var addressing: Addressing {
        if url.socketPath != nil { return .known }
        guard Resolver.isAddress(url.host) else { return .name(url.host) }
        return request.tls.serverName == nil ? .known : .given(url.host)
    }
}

extension CurlClient {
    /// Whether a request for the URL begins with name resolution.
    package static func looksUp(_ url: URL) -> Bool {
        if case .name = Errand.connection(to: url).addressing { true } else { false }
    }
}
