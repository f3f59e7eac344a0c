import HTTPClient

/// The kinds of `Reason`, by their codes, which are stable. docs/api.md explains each.
package enum FailureCause: String, Sendable, CaseIterable {
    case dns
    case refused
    case unreachable
    case connectTimeout = "connect_timeout"
    case timeout
    case tls
    case reset
    case empty
    case incomplete
    case protocolError = "protocol"
    case tooLarge = "too_large"
    case status
    case header
    case body
    case peer
    case slow
    case certificate
    case container
    case database
    case unknown
    case instances
    case deadline
    case internalError = "internal"
}

extension TransferFailure {
    var cause: FailureCause {
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
        case .internalError: .internalError
        }
    }
}
