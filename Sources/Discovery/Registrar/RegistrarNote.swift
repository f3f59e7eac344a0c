/// What a registrar has to say, once each time that it becomes so: a line of the log.
package enum RegistrarNote: Sendable, Equatable {
    /// `duration` is from the decision to register to the registry's word that it is done.
    case registered(duration: Duration)
    /// What the registry has been told, in its own word, where that is another than before.
    case told(String)
    /// The registry no longer has the registration, and nobody here has ended it.
    case lost
    case deregistered
    /// Another stack has swept this node, which stays away.
    case superseded(by: String)
    /// The service has no custom health, so that it cannot be told any.
    case noCustomHealth
    /// The first failure of that cause since all was well. `text` is one line without secrets.
    case failed(RegistryCause, text: String)
    /// All is well again, after so many tries.
    case recovered(tries: Int, duration: Duration)
}

/// Where a registrar is, for whoever looks.
package enum RegistrarPhase: String, Sendable, CaseIterable {
    /// Not registered: no check has been good yet.
    case waiting
    case registering
    case registered
    /// The registration is gone; whether another stack took it away is being found out.
    case looking
    case superseded
    /// Something failed, and is tried again in a while.
    case retrying
    /// As retrying: keys or rights are missing.
    case denied
    case draining
    case gone

    static let names = allCases.map(\.rawValue)
}
