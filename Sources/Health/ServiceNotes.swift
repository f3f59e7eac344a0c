/// Notes about a service for people, besides its health.
package struct ServiceNotes: Sendable, Equatable {
    /// The address of a page that says what to do if it fails.
    package let runbook: String?
    /// The heading on the status page.
    package let group: String?

    package init(runbook: String? = nil, group: String? = nil) {
        self.runbook = runbook
        self.group = group
    }
}
