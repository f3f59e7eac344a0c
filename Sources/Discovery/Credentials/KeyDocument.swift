import Time

/// Keys in the format of the container's endpoint and the metadata service.
struct KeyDocument: Decodable {
    /// `Success`, or why there are no keys. The container's endpoint has no such member.
    let code: String?
    private let accessKeyID, secretKey, token, expiration: String?

    private enum CodingKeys: String, CodingKey {
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }

    /// nil if a part is missing or cannot be sent.
    var keys: AWSKeys? {
        guard let accessKeyID, let secretKey, let token, let expiration, !accessKeyID.isEmpty, !secretKey.isEmpty,
            accessKeyID.isFieldValue, token.isFieldValue, let expiresAt = Timestamp(rfc3339: expiration)
        else { return nil }
        return AWSKeys(
            accessKeyID: accessKeyID, secretKey: Secret(secretKey),
            sessionToken: token.isEmpty ? nil : Secret(token), expiresAt: expiresAt)
    }
}
