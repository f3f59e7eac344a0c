package import Time

/// The keys that requests to AWS are signed with.
package struct AWSKeys: Sendable, Hashable {
    /// Names the secret, and is none itself: AWS' own logs show it.
    package let accessKeyID: String
    package let secretKey: Secret
    /// Temporary keys have one; it goes with each request.
    package let sessionToken: Secret?
    /// By the wall clock. Nil: they do not expire, or nobody said when.
    package let expiresAt: Timestamp?

    package init(accessKeyID: String, secretKey: Secret, sessionToken: Secret? = nil, expiresAt: Timestamp? = nil) {
        self.accessKeyID = accessKeyID
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
    }
}
