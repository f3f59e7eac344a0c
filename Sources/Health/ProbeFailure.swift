package import HTTPClient
import Time

/// Why a probe got no complete response. Closed: each cause has one case, one stable code and one text.
package enum ProbeFailure: Error, Sendable, Hashable {
    /// The name has no address, or the name servers gave no answer. `detail` is the resolver's own word.
    case dns(host: String, detail: String)
    case refused(place: String)
    /// No route to the address. `detail` is the system's own word.
    case unreachable(place: String, detail: String)
    /// No connection within `limit`, counted from the start of the probe.
    case connectTimeout(place: String, limit: Duration)
    /// Connected, but no complete response within `limit`, counted from the start of the probe.
    case timeout(limit: Duration, waitingFor: Phase)
    case tls(detail: String)
    case reset(during: Phase)
    /// The connection was closed without a byte of a response.
    case empty
    /// The connection was closed in the middle of the response.
    case incomplete
    /// What came is not HTTP/1.x.
    case protocolError(detail: String)
    /// Head and body together are over `limit` bytes.
    case tooLarge(limit: Int)
    /// The deadline of the whole check, shorter than the probe's own timeout, came first.
    case deadline(limit: Duration)
    /// The probe could not be made for want of something on our side: descriptors, memory, a bug.
    case internalError(detail: String)

    /// What a connected probe was waiting for.
    package enum Phase: String, Sendable {
        case handshake = "the TLS handshake"
        case response = "the response"
        case restOfResponse = "the rest of the response"
        /// The response is here: what takes so long is ours.
        case judgement = "its body to be matched"
    }

    package var cause: FailureCause {
        switch self {
        case .dns: .dns
        case .refused: .refused
        case .unreachable: .unreachable
        case .connectTimeout: .connectTimeout
        case .timeout: .timeout
        case .tls: .tls
        case .reset: .reset
        case .empty: .empty
        case .incomplete: .incomplete
        case .protocolError: .protocolError
        case .tooLarge: .tooLarge
        case .deadline: .deadline
        case .internalError: .internalError
        }
    }
}

extension ProbeFailure: CustomStringConvertible {
    /// One line for a person, without the code.
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
        case .tooLarge(let limit): "response is larger than \(limit / 1024) KiB"
        case .deadline(let limit): "no complete response when the check's deadline of \(limit.brief) came"
        case .internalError(let detail): "healthz could not make the probe: \(detail)"
        }
    }
}

extension ProbeFailure {
    package init(_ failure: TransferFailure) {
        self =
            switch failure {
            case .dns(let host, let detail): .dns(host: host, detail: detail)
            case .refused(let place): .refused(place: place)
            case .unreachable(let place, let detail): .unreachable(place: place, detail: detail)
            case .connectTimeout(let place, let limit): .connectTimeout(place: place, limit: limit)
            case .timeout(let limit, let phase): .timeout(limit: limit, waitingFor: Phase(phase))
            case .tls(let detail): .tls(detail: detail)
            case .reset(let phase): .reset(during: Phase(phase))
            case .empty: .empty
            case .incomplete: .incomplete
            case .protocolError(let detail): .protocolError(detail: detail)
            case .tooLarge(let limit): .tooLarge(limit: limit)
            case .internalError(let detail): .internalError(detail: detail)
            }
    }
}

extension ProbeFailure.Phase {
    fileprivate init(_ phase: TransferFailure.Phase) {
        self =
            switch phase {
            case .handshake: .handshake
            case .response: .response
            case .restOfResponse: .restOfResponse
            }
    }
}
