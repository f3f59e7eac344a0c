import HTTPWire

extension ServerLimits {
    /// How long a connection may stay in this phase; nil if something else ends it.
    func timeout(of phase: Conversation.Phase) -> Duration? {
        switch phase {
        case .writing: writeTimeout
        case .machine(.head): headTimeout
        case .machine(.content): contentTimeout
        case .machine(.idle): idleTimeout
        case .machine(.lingering): lingerTimeout
        case .machine(.answering), .machine(.closed): nil
        }
    }
}
