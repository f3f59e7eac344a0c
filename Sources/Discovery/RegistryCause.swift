package import HTTPClient

/// Why a registry did not do what it was asked for: the kinds, by codes that are stable and machine-readable.
package enum RegistryCause: String, Sendable, CaseIterable {
    /// Too many requests, or another one for the same instance goes first.
    case throttled
    case denied
    /// The keys or the token have expired.
    case expired
    /// This machine's clock differs too much from the registry's.
    case clock
    case notFound = "not_found"
    case unreachable
    case timeout
    case server
    case invalid

    package init(_ failure: TransferFailure) {
        self =
            switch failure {
            case .dns, .refused, .unreachable, .connectTimeout, .tls, .reset, .empty, .incomplete, .internalError:
                .unreachable
            case .timeout: .timeout
            case .protocolError, .tooLarge: .server
            }
    }
}
