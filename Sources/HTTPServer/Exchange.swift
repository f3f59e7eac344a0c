package import HTTPWire
package import Sockets
import Time

/// One request, or an attempt at one, and the status it was answered with, as an access log shows it.
package struct Exchange: Sendable {
    package let peer: Peer
    /// Its head, or why it was refused.
    package let request: Result<RequestHead, RequestError>
    package let status: Int
    /// From the whole request to the answer handed to the socket; of one that was refused, next to nothing.
    package let duration: Duration
}

/// What an `Exchange` needs of a request.
struct AskedRequest {
    let request: Result<RequestHead, RequestError>
    /// nil if nothing is logged.
    let startedAt: Instant?
}
