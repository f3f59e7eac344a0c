package import Time

/// The keys that sign requests to AWS.
package struct AWSKeys: Sendable, Hashable {
    /// The name of the secret, not a secret itself: AWS' own logs show it.
    package let accessKeyID: String
    package let secretKey: Secret
    /// Only temporary keys have one; it is sent with each request.
    package let sessionToken: Secret?
    /// By the wall clock; nil if the keys do not expire or the source does not tell.
    package let expiresAt: Timestamp?

    package init(accessKeyID: String, secretKey: Secret, sessionToken: Secret? = nil, expiresAt: Timestamp? = nil) {
        self.accessKeyID = accessKeyID
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
    }
}
