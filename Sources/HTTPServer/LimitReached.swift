package import EventLoop
package import HTTPWire
package import Sockets

/// A limit that clients have reached.
package enum LimitReached: Sendable, Hashable {
    /// Of all clients. Either the longest-idle connection was closed for a new one, or new clients wait; then it is
    /// reported at each attempt to accept one.
    case connections
    /// Of one client. Either its longest-idle connection was closed for a new one, or the new one was closed.
    case connectionsPerClient(Peer)
    case requestsPerConnection
    case pipelinedRequests
    case idleTimeout
    case writeTimeout
    /// A request was refused.
    case refusal(RequestError)
    /// No descriptor or no memory is left for a connection; reported at each attempt to accept one.
    case exhausted(SystemError)
}
