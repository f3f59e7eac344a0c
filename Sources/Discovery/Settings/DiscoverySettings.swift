package import HTTPClient

/// The registrations of a node.
package struct DiscoverySettings: Sendable, Equatable {
    package var cloudMap: CloudMapSettings?
    package var consul: ConsulSettings?

    package init() {}
}

/// A registration in Cloud Map. Missing values come from the instance metadata service.
package struct CloudMapSettings: Sendable, Equatable {
    package var parts: CloudMapRegistration.Parts
    /// nil if the environment or the machine provides it.
    package var region: String?
    package var endpoint: String?
    package var start = CloudMapRegistrar.Settings.Start.whenHealthy
    package var leaving = CloudMapRegistrar.Settings.Leaving.deregister
    package var refresh = CloudMapRegistrar.Settings.defaultRefresh

    package init(_ parts: CloudMapRegistration.Parts) {
        self.parts = parts
    }

    /// - Parameter answers: the machine's answers for missing values.
    func registrar(_ answers: MetadataLink.Answers) throws(CloudMapMistake) -> CloudMapRegistrar.Settings {
        var parts = parts
        if parts.instanceID.isEmpty { parts.instanceID = answers[.instanceID] ?? "" }
        if parts.address.isEmpty { parts.address = answers[.address] ?? "" }
        var settings = CloudMapRegistrar.Settings(try CloudMapRegistration(parts))
        (settings.start, settings.leaving, settings.refresh) = (start, leaving, refresh)
        return settings
    }

    /// - Returns: the mistake in the given values, if any.
    package func mistake() -> CloudMapMistake? {
        do {
            // Placeholders for the machine's answers (RFC 5737).
            _ = try registrar([.instanceID: "i-0", .address: "192.0.2.1"])
            return nil
        } catch {
            return error
        }
    }

    /// Whether the instance metadata service is needed.
    package func isIncomplete(_ environment: Environment) -> Bool { !questions(environment).isEmpty }

    func questions(_ environment: Environment) -> [InstanceMetadata.Question] {
        var questions: [InstanceMetadata.Question] = []
        if parts.instanceID.isEmpty { questions.append(.instanceID) }
        if parts.address.isEmpty { questions.append(.address) }
        if (region ?? CloudMapPlace.region(in: environment)) == nil { questions.append(.region) }
        return questions
    }
}

/// Registrations with Consul's agent.
package struct ConsulSettings: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var registrar: ConsulRegistrar.Settings
        /// The service whose verdict is registered; nil for the node's verdict.
        package var source: String?

        package init(_ registrar: ConsulRegistrar.Settings, source: String?) {
            (self.registrar, self.source) = (registrar, source)
        }
    }

    package var agent: ConsulAgent
    package var tls: Request.TLS
    package var entries: [Entry]

    package init(_ agent: ConsulAgent, _ tls: Request.TLS, _ entries: [Entry]) {
        (self.agent, self.tls, self.entries) = (agent, tls, entries)
    }
}
