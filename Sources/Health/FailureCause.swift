/// The kinds of `Reason`, by their codes, which are stable and machine-readable: docs/api.md explains each.
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
    case body
    case instances
    case deadline
    case internalError = "internal"
}
