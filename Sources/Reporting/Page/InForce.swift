package import Health
package import Time

/// The part of the page that says since when the configuration and the files of secrets are in force.
package struct InForce: Sendable, Equatable {
    let configuration: Timestamp
    let secrets: [SecretFile]

    /// - Parameters:
    ///   - configuration: when it was loaded.
    ///   - secrets: the files that it names.
    package init(configuration: Timestamp, secrets: [SecretFile]) {
        self.configuration = configuration
        self.secrets = secrets
    }

    func section(now: Timestamp) -> String {
        let items = [item("Configuration", configuration, now)] + secrets.map { item($0, now) }
        return """
            <h2 id="in-force-heading">Configuration and secrets in force</h2>
            <ul class="services" id="in-force" aria-labelledby="in-force-heading">
            \(items.joined(separator: "\n"))
            </ul>

            """
    }

    private func item(_ secret: SecretFile, _ now: Timestamp) -> String {
        let refused = secret.isRefused ? "; the new content is not valid and not used: see the log" : ""
        return item("<code>\(HTML.escape(secret.path))</code>", secret.since, now, refused)
    }

    private func item(_ name: String, _ since: Timestamp, _ now: Timestamp, _ more: String = "") -> String {
        "<li class=\"meta\">\(name) since \(PageTime.short(since, now: now))\(more)</li>"
    }
}
