package import HTTPClient

/// What a handle of libcurl is made ready for: a request, or a connection alone.
struct Errand: Equatable {
    /// Where a connection is all that is wanted, only its URL and how long it may take count.
    let request: Request
    let isConnectionAlone: Bool
    /// Whether something is said on a connection alone, which libcurl would else close at once.
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

    /// A UNIX socket's ends have no names to know it by, and a new connection there costs next to nothing.
    var keepsConnection: Bool { request.reusesConnection && url.socketPath == nil }

    /// The host that libcurl sees: the one that the certificate shall be for.
    var verifiedHost: String { request.tls.serverName ?? url.host }

    /// How libcurl gets to know where to connect.
    enum Addressing {
        /// It does, from the URL.
        case known
        /// By this address, as the URL has the name that the certificate shall be for.
        case given(String)
        /// By the addresses of this name, which somebody has to look up.
        case name(String)
    }

    var addressing: Addressing {
        if url.socketPath != nil { return .known }
        guard Resolver.isAddress(url.host) else { return .name(url.host) }
        return request.tls.serverName == nil ? .known : .given(url.host)
    }
}

extension CurlClient {
    /// Whether a request for that URL begins with name resolution.
    package static func looksUp(_ url: URL) -> Bool {
        if case .name = Errand.connection(to: url).addressing { true } else { false }
    }
}
