package import EventLoop
package import HTTPWire
package import Sockets

extension Server {
    /// What one client may take of the server, and all of them together.
    package struct Limits: Sendable {
        package var machine = ConnectionMachine.Limits()
        /// From the opening of a connection, or the first byte of a later request, to the end of the head.
        package var head: Duration = .seconds(5)
        /// From the head to the end of the content.
        package var content: Duration = .seconds(5)
        /// How long an answered connection may wait for its next request.
        package var idle: Duration = .seconds(75)
        /// How long a client may take nothing of its answer.
        package var writeStall: Duration = .seconds(10)
        /// How long a refused client may take to end its side.
        package var linger: Duration = .seconds(2)
        /// Beyond these, a connection that waits for a request gives way to a new one; where none does, new clients
        /// wait in the kernel's queue.
        package var connections = 4096
        /// The same for the connections of one address.
        package var connectionsOfClient = 1024
        /// Requests of one connection that are answered before others get their turn; what is sent ahead beyond it waits.
        package var pipelined = 16
        /// The answer to this many closes the connection.
        package var requests = 10_000

        package init() {}

        /// How long a connection may stay in this phase; nil where something else sees to its end.
        func allowed(_ phase: Connection.TimedPhase) -> Duration? {
            switch phase {
            case .output: writeStall
            case .machine(.head): head
            case .machine(.content): content
            case .machine(.idle): idle
            case .machine(.lingering): linger
            case .machine(.answering), .machine(.closed): nil
            }
        }
    }

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
