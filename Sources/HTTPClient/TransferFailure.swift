import Time

/// Why a request got no complete response. The set is closed: each cause has one case and one text.
package enum TransferFailure: Error, Sendable, Hashable {
    /// The name has no address, or the name servers gave no answer. `detail` is the resolver's message.
    case dns(host: String, detail: String)
    case refused(place: String)
    /// No route to the address. `detail` is the system's message.
    case unreachable(place: String, detail: String)
    /// No connection within `limit`, counted from the start.
    case connectTimeout(place: String, limit: Duration)
    /// Connected, but no complete response within `limit`, counted from the start.
    case timeout(limit: Duration, waitingFor: Phase)
    case tls(detail: String)
    case reset(during: Phase)
    /// The connection was closed without a byte of a response.
    case empty
    /// The connection was closed in the middle of the response.
    case incomplete
    /// The response is not HTTP/1.x.
    case protocolError(detail: String)
    /// Head and body together exceed `limit` bytes.
    case tooLarge(limit: Int)
    /// The request could not be sent because healthz lacks something: descriptors, memory, or a bug.
    case internalError(detail: String)

    /// The step that the client was waiting for after the connection.
    package enum Phase: String, Sendable {
        case handshake = "the TLS handshake"
        case response = "the response"
        case restOfResponse = "the rest of the response"
    }
}

extension TransferFailure: CustomStringConvertible {
    /// One line for people.
    package var description: String {
        switch self {
        case .dns(let host, let detail): "cannot resolve \(host): \(detail)"
        case .refused(let place): "connection refused by \(place)"
        case .unreachable(let place, let detail): "cannot reach \(place): \(detail)"
        case .connectTimeout(let place, let limit): "no connection to \(place) within \(limit.brief)"
        case .timeout(let limit, let phase):
            "connected, but waited for \(phase.rawValue) until the \(limit.brief) timeout"
        case .tls(let detail): "TLS failed: \(detail)"
        case .reset(let phase): "connection reset while waiting for \(phase.rawValue)"
        case .empty: "connection closed without a response"
        case .incomplete: "connection closed in the middle of the response"
        case .protocolError(let detail): "not a valid HTTP response: \(detail)"
        case .tooLarge(let limit): "response is larger than \(TransferFailure.size(limit))"
        case .internalError(let detail): "healthz could not send the request: \(detail)"
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1024 && bytes.isMultiple(of: 1024) ? "\(bytes / 1024) KiB" : "\(bytes) bytes"
    }
}
