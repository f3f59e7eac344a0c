package import HTTPWire
package import Sockets
import Time

/// A request or an attempt at one, and the status of its response, for the access log.
package struct Exchange: Sendable {
    package let peer: Peer
    /// The head, or why the request was refused.
    package let request: Result<RequestHead, RequestError>
    package let status: Int
    /// From the complete request to the response's handover to the socket; nearly zero for a refused request.
    package let duration: Duration
}

/// The parts of a request for an `Exchange`.
struct AskedRequest {
    let request: Result<RequestHead, RequestError>
    /// nil if there is no access log.
    let startedAt: Instant?
}
