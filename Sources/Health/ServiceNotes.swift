/// What people are told of a service beside its health.
package struct ServiceNotes: Sendable, Equatable {
    /// The address of the page that says what to do when it fails.
    package let runbook: String?
    /// The heading under which it stands.
    package let group: String?

    package init(runbook: String? = nil, group: String? = nil) {
        self.runbook = runbook
        self.group = group
    }
}
