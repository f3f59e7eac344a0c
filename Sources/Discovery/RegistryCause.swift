package import HTTPClient

/// Why a call to a registry has failed: stable, machine-readable codes.
package enum RegistryCause: String, Sendable, CaseIterable {
    /// Too many requests, or another request for the same instance is running.
    case throttled
    case denied
    /// The keys or the token have expired.
    case expired
    /// The clocks of this machine and the registry differ too much.
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
