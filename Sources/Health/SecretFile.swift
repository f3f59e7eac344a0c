package import Time

/// A file of a secret (a token, a password, a certificate, a key, authorities) whose content is in force.
package struct SecretFile: Sendable, Equatable {
    package let path: String
    /// Since when its present content is in force.
    package let since: Timestamp
    /// Whether the file has been changed to something that is not valid, so that the former content stays in force.
    package let isRefused: Bool

    package init(path: String, since: Timestamp, isRefused: Bool = false) {
        self.path = path
        self.since = since
        self.isRefused = isRefused
    }
}
