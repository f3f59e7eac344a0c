package import EventLoop
package import HTTPWire
package import Sockets

extension ServerLimits {
    /// How long a connection may stay in this phase; nil if something else ends it.
    func timeout(of phase: Connection.TimedPhase) -> Duration? {
        switch phase {
        case .output: writeTimeout
        case .machine(.head): headTimeout
        case .machine(.content): contentTimeout
        case .machine(.idle): idleTimeout
        case .machine(.lingering): lingerTimeout
        case .machine(.answering), .machine(.closed): nil
        }
    }
}

extension Server {
    /// A limit that clients have run into.
    package enum Reached: Sendable, Hashable {
        case connections
        case connectionsOfClient(Peer)
        case requests
        case pipelined
        /// An answered connection has waited too long for its next request.
        case idle
        case refusal(RequestError)
        /// A client has taken nothing of its answer for too long.
        case writeStall
        /// There is no descriptor or no memory for a connection; told at each attempt.
        case exhausted(SystemError)
    }
}
