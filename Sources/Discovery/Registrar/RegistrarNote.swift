/// A note of a registrar, once for each change: a line of the log.
package enum RegistrarNote: Sendable, Equatable {
    /// `duration` is from the decision to register to the registry's confirmation.
    case registered(duration: Duration)
    /// The registry has acknowledged another health than before; the text is the registry's word.
    case told(String)
    /// The registry has lost the registration.
    case lost
    case deregistered
    /// Another stack has removed this node, which stays away.
    case superseded(by: String)
    /// The service has no custom health check, so its health cannot be set.
    case noCustomHealth
    /// The first failure with this cause. `text` is one line without secrets.
    case failed(RegistryCause, text: String)
    /// All is well again after that many tries.
    case recovered(tries: Int, duration: Duration)
}

/// The state of a registrar, for display.
package enum RegistrarPhase: String, Sendable, CaseIterable {
    /// Not registered: no check has been good yet.
    case waiting
    case registering
    case registered
    /// The registration is gone, and the registrar looks for the cause.
    case looking
    case superseded
    /// A call has failed, and is tried again after a pause.
    case retrying
    /// Like retrying: keys or permissions are missing.
    case denied
    case draining
    case gone

    static let names = allCases.map(\.rawValue)
}
