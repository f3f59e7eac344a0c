package import HTTPWire
package import Sockets
import Time

/// One request and the status it was answered with, as an access log shows it.
package struct Exchange: Sendable {
    package let peer: Peer
    package let head: RequestHead
    package let status: Int
    /// From the whole request to the answer handed to the socket.
    package let duration: Duration
}

/// What an `Exchange` needs of a request.
struct AskedRequest {
    let head: RequestHead
    /// nil if nothing is logged.
    let startedAt: Instant?
}
