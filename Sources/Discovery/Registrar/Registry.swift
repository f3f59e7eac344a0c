/// A kind of registry, by its name in settings, answers and metrics.
package enum Registry: String, Sendable, CaseIterable {
    case cloudMap = "cloud_map"
    case consul

    /// What to look at first where a registration is not as it should be; nil where it is. docs/operations.md has more.
    func lookAt(_ phase: RegistrarPhase, _ cause: RegistryCause?) -> String? {
        if let cause { return lookAt(cause) }
        return switch phase {
        case .waiting: "the services above: the node is registered at the first check that is healthy or degraded"
        case .superseded: "which stack should stay? a reload, a restart or healthz register brings this node back"
        case .registering, .registered, .looking, .retrying, .denied, .draining, .gone: nil
        }
    }

    private func lookAt(_ cause: RegistryCause) -> String {
        switch (cause, self) {
        case (.throttled, .cloudMap): "do many nodes call at once? the limits are those of the account in the region"
        case (.throttled, .consul): "the limits of the agent and its servers; who else calls them?"
        case (.denied, .cloudMap): "the rights of the node's role; the log names the action"
        case (.denied, .consul): "the token: is it still there, and may it write the service?"
        case (.expired, .cloudMap): "is AWS_SESSION_TOKEN in the environment an old one?"
        case (.expired, .consul): "the token: has it expired?"
        case (.clock, _): "timedatectl, and the time service of this machine"
        case (.notFound, .cloudMap): "is service_id right, and is the service still there?"
        case (.notFound, .consul): "has the agent lost its data?"
        case (.unreachable, .cloudMap): "a route to the API, such as a VPC endpoint for servicediscovery"
        case (.unreachable, .consul): "is the agent running, and at that address? consul members"
        case (.timeout, .cloudMap): "a firewall; in a container on EC2, HttpPutResponseHopLimit must be 2"
        case (.timeout, .consul): "is the agent frozen or overloaded?"
        case (.server, _): "the log, which has the registry's words"
        case (.invalid, _): "the log, which says what is wrong; correct the configuration and reload"
        }
    }
}
