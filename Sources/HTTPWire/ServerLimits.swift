package import Sockets

/// The limits of a server: what one client may use, and all clients together.
package struct ServerLimits: Sendable {
    /// The size of a request.
    package var machine = ConnectionMachine.Limits()
    /// Whether the connections of this peer may begin with a header of the PROXY protocol.
    package var proxyHeader: @Sendable (Peer) -> ProxyHeaderPolicy = { _ in .refused }
    /// From the opening of a connection, or the first byte of a later request, to the end of the head.
    package var headTimeout: Duration = .seconds(5)
    /// From the head to the end of the content.
    package var contentTimeout: Duration = .seconds(5)
    /// From a response to the first byte of the next request.
    package var idleTimeout: Duration = .seconds(75)
    /// For a client that reads nothing of its response.
    package var writeTimeout: Duration = .seconds(10)
    /// From the refusal of a request until the client closes its side.
    package var lingerTimeout: Duration = .seconds(2)
    /// At this number, the longest-idle connection is closed for a new one. If none is idle, new clients wait in the
    /// kernel's queue.
    package var connections = 4096
    /// The same for connections from one address.
    package var connectionsPerClient = 1024
    /// Requests of one connection that are answered before other connections get their turn.
    package var pipelinedRequests = 16
    /// The response to this many requests closes the connection.
    package var requestsPerConnection = 10_000

    package init() {}
}

/// The use of a PROXY protocol header.
package enum ProxyHeaderPolicy: Sendable {
    case refused
    /// It is read, but not trusted: any client could have sent it.
    case accepted
    /// Its address counts as the client's.
    case trusted
}
