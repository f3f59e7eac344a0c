package import HTTPClient

/// The source of the keys for AWS, from the environment.
package enum KeySource: Sendable, Equatable {
    case environment(AWSKeys)
    /// The agent of ECS, or EKS Pod Identity.
    case container(URL, ContainerToken)
    /// The instance metadata service of EC2, version 2.
    case metadata(URL)

    /// The credential of a request to the container's endpoint.
    package enum ContainerToken: Sendable, Equatable {
        case none
        case text(Secret)
        /// Read for each request, because its content changes.
        case file(String)
    }

    /// In the order of AWS' own libraries, without files. If the chosen source fails, the next one is not used,
    /// because it would be another identity.
    package init(_ environment: Environment) throws(KeyFailure) {
        if let keys = try KeySource.keys(environment) {
            self = .environment(keys)
        } else if environment["AWS_WEB_IDENTITY_TOKEN_FILE"] != nil {
            throw .webIdentity
        } else if let url = try KeySource.containerURL(environment) {
            self = .container(url, try KeySource.containerToken(environment))
        } else {
            self = .metadata(try KeySource.metadataURL(environment))
        }
    }

    private static func keys(_ environment: Environment) throws(KeyFailure) -> AWSKeys? {
        let (idName, secretName) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        switch (environment[idName], environment[secretName]) {
        case (nil, nil): return nil
        case (_?, nil): throw .half(set: idName, missing: secretName)
        case (nil, _?): throw .half(set: secretName, missing: idName)
        case (let id?, let secret?):
            let token = environment["AWS_SESSION_TOKEN"]
            guard id.isFieldValue else { throw .unsendable(idName) }
            guard token?.isFieldValue != false else { throw .unsendable("AWS_SESSION_TOKEN") }
            return AWSKeys(accessKeyID: id, secretKey: Secret(secret), sessionToken: token.map(Secret.init))
        }
    }

    private static func containerURL(_ environment: Environment) throws(KeyFailure) -> URL? {
        let (relative, full) = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if let path = environment[relative] {
            // Anything else than a path would name another host.
            guard path.hasPrefix("/"), let url = URL(text: "http://169.254.170.2\(path)") else { throw .url(relative) }
            return url
        }
        guard let text = environment[full] else { return nil }
        guard let url = URL(text: text) else { throw .url(full) }
        guard url.scheme == .https || isTrusted(url.host) else { throw .untrusted(host: url.host) }
        return url
    }

    /// The hosts that may get the token without encryption: this host, and the addresses of ECS and EKS, which are on
    /// this host.
    private static func isTrusted(_ host: String) -> Bool {
        switch host.lowercased() {
        case "localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23": true
        default: host.isLoopbackIPv4
        }
    }

    private static func containerToken(_ environment: Environment) throws(KeyFailure) -> ContainerToken {
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] { return .file(path) }
        let name = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        guard let text = environment[name] else { return .none }
        guard text.isFieldValue else { throw .unsendable(name) }
        return .text(Secret(text))
    }

    /// The metadata service, for identity and keys.
    package static func metadataURL(_ environment: Environment) throws(KeyFailure) -> URL {
        guard !environment.isTrue("AWS_EC2_METADATA_DISABLED") else { throw .metadataDisabled }
        let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        if let text = environment[name] {
            guard let url = URL(text: text) else { throw .url(name) }
            return url
        }
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        return URL(scheme: .http, host: isIPv6 ? "fd00:ec2::254" : "169.254.169.254", target: "/")
    }
}

extension String {
    /// Whether it can be sent as the value of a field: a line break would begin another field.
    var isFieldValue: Bool { Field(name: "a", value: self).isValid }

    /// 127.0.0.0/8, in four parts.
    fileprivate var isLoopbackIPv4: Bool {
        let parts = split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }
}
