package import HTTPClient
import Health

/// Why the instance metadata service did not answer a question.
package enum MetadataFailure: Error, Sendable, Hashable {
    case transfer(TransferFailure)
    /// Connected, but there was no answer to PUT.
    case hopLimit(place: String)
    /// 403.
    case forbidden
    /// The instance has no role, so it has no keys.
    case noRole
    case status(String, Int)
    case unreadable(String)
    /// The answer has another code than `Success`.
    case noKeys(code: String)
}

extension MetadataFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .transfer(let failure): "instance metadata: \(failure); is this an EC2 instance?"
        case .hopLimit(let place):
            "instance metadata: \(place) accepted the connection, but its answer did not come; if healthz runs in a "
                + "container, is the instance's HttpPutResponseHopLimit 2?"
        case .forbidden: "instance metadata: status 403: it is switched off for this instance, or a proxy asked"
        case .noRole: "instance metadata: this instance has no role, so there are no keys"
        case .status(let path, let status): "instance metadata: status \(status) for /latest/\(path)"
        case .unreadable(let path): "instance metadata: the answer for /latest/\(path) cannot be read"
        case .noKeys(let code):
            "instance metadata: no keys for the role: \(Printable.escape(code, limit: 100))"
        }
    }

    package var problem: CloudMapFailure.Problem {
        switch self {
        case .transfer(let failure): RegistryCause(failure) == .timeout ? .timeout : .unreachable
        case .hopLimit: .timeout
        case .forbidden, .noRole, .noKeys: .denied
        case .status(_, let status): status >= 500 ? .server : .denied
        case .unreadable: .server
        }
    }
}
