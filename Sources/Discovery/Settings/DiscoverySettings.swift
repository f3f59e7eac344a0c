package import HTTPClient

/// Where and as what a node is kept registered.
package struct DiscoverySettings: Sendable, Equatable {
    package var cloudMap: CloudMapSettings?
    package var consul: ConsulSettings?

    package init() {}
}

/// A registration in Cloud Map. What is missing, the instance metadata service is asked for.
package struct CloudMapSettings: Sendable, Equatable {
    package var parts: CloudMapRegistration.Parts
    /// nil where the environment or the machine says it.
    package var region: String?
    package var endpoint: String?
    package var start = CloudMapRegistrar.Settings.Start.whenHealthy
    package var leaving = CloudMapRegistrar.Settings.Leaving.deregister
    package var refresh = CloudMapRegistrar.Settings.defaultRefresh

    package init(_ parts: CloudMapRegistration.Parts) {
        self.parts = parts
    }

    /// - Parameter answers: the machine's, for what is missing.
    func registrar(_ answers: MetadataLink.Answers) throws(CloudMapMistake) -> CloudMapRegistrar.Settings {
        var parts = parts
        if parts.instanceID.isEmpty { parts.instanceID = answers[.instanceID] ?? "" }
        if parts.address.isEmpty { parts.address = answers[.address] ?? "" }
        var settings = CloudMapRegistrar.Settings(try CloudMapRegistration(parts))
        (settings.start, settings.leaving, settings.refresh) = (start, leaving, refresh)
        return settings
    }

    /// - Returns: what is wrong with what is there.
    package func mistake() -> CloudMapMistake? {
        do {
            // Stand-ins for what the machine will say (RFC 5737).
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

/// Services that are kept registered with Consul's agent.
package struct ConsulSettings: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var registrar: ConsulRegistrar.Settings
        /// The service whose verdict is told; nil for the node's.
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
