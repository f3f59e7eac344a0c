package import HTTPClient

/// Why there are no keys for AWS. The set is closed: each cause has one case and one text without secrets.
package enum KeyFailure: Error, Sendable, Hashable {
    /// Only one of two variables that belong together is set.
    case half(set: String, missing: String)
    /// A variable's value has control characters.
    case unsendable(String)
    /// The token of a Kubernetes service account, which would need STS.
    case webIdentity
    /// A variable is not an http or https URL. It is not shown, because it may have credentials.
    case url(String)
    /// A token would be sent there without encryption.
    case untrusted(host: String)
    case metadataDisabled
    /// `detail` follows the path: `cannot be read: …`.
    case tokenFile(path: String, detail: String)
    case container(place: String, TransferFailure)
    case containerStatus(place: String, Int)
    case containerAnswer(place: String)
    case metadata(MetadataFailure)
}

extension KeyFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .half(let set, let missing): "\(set) is set, and \(missing) is not"
        case .unsendable(let name): "\(name) has a line break or another control character in it"
        case .webIdentity:
            "AWS_WEB_IDENTITY_TOKEN_FILE is set, and healthz does not support web identity; "
                + "use EKS Pod Identity, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case .url(let name): "\(name) is not an http or https URL"
        case .untrusted(let host):
            "AWS_CONTAINER_CREDENTIALS_FULL_URI: \(host) is neither https nor an address of this host, ECS or EKS"
        case .metadataDisabled: "no keys: no variable has any, and AWS_EC2_METADATA_DISABLED is true"
        case .tokenFile(let path, let detail): "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \(path) \(detail)"
        case .container(_, let failure): "container credentials: \(failure)"
        case .containerStatus(let place, let status): "container credentials: \(place) answered with status \(status)"
        case .containerAnswer(let place): "container credentials: the answer of \(place) has no keys in it"
        case .metadata(let failure): "\(failure)"
        }
    }

    package var problem: CloudMapFailure.Problem {
        switch self {
        case .half, .unsendable, .webIdentity, .url, .untrusted, .metadataDisabled, .tokenFile: .denied
        case .container(_, let failure): RegistryCause(failure) == .timeout ? .timeout : .unreachable
        case .containerStatus(_, let status): status < 500 ? .denied : .server
        case .containerAnswer: .server
        case .metadata(let failure): failure.problem
        }
    }
}
