package import HTTPWire
package import Sockets

/// One request and the status it was answered with, as an access log shows it.
package struct Exchange: Sendable {
    package let peer: Peer
    package let head: RequestHead
    package let status: Int
    /// From the whole request to the answer handed to the socket.
    package let duration: Duration
}
