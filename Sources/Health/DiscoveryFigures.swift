package import Time

/// What one registrar has told service discovery of this node, and what came of it.
package struct DiscoveryFigures: Sendable, Equatable {
    /// What was counted since the start.
    package struct Tally: Sendable, Equatable {
        package var requests: [String: Int] = [:]
        /// By their causes.
        package var failures: [String: Int] = [:]
        package var lastSuccessAt: Timestamp?

        package init() {}
    }

    /// `cloud_map` or `consul`.
    package let provider: String
    /// The service's name or identifier there.
    package let service: String
    /// nil until it is known.
    package let instance: String?
    /// Such as `registered` or `retrying`.
    package let state: String
    /// All that `state` can be.
    package let states: [String]
    /// Since when it is in this state; while requests fail, since the first that did. nil until it has begun.
    package let since: Timestamp?
    package let isRegistered: Bool
    /// What the registry has acknowledged; nil where that is not known.
    package let status: String?
    /// All that `status` can be.
    package let statuses: [String]
    /// Of the failure after which the next try is waited for.
    package let cause: String?
    /// What to look at first, for a person; nil where all is as it should be.
    package let lookAt: String?
    package let tally: Tally

    package init(
        provider: String, service: String, instance: String?, state: (now: String, all: [String], since: Timestamp?),
        isRegistered: Bool, status: (now: String?, all: [String]), cause: String?, lookAt: String?, tally: Tally
    ) {
        (self.provider, self.service, self.instance) = (provider, service, instance)
        (self.state, states, since) = state
        (self.isRegistered, self.status, statuses) = (isRegistered, status.now, status.all)
        (self.cause, self.lookAt, self.tally) = (cause, lookAt, tally)
    }
}
