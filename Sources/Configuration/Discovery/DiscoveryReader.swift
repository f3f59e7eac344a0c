import Discovery
import Health

/// Reads the `discovery` section of the configuration file, and collects its mistakes.
struct DiscoveryReader {
    private let sources: Sources
    private let services: [Service]
    private let background: Configuration.Background?
    private let deadline: Duration

    init(
        _ sources: Sources, _ services: [Service], _ background: Configuration.Background?, deadline: Duration
    ) {
        (self.sources, self.services) = (sources, services)
        (self.background, self.deadline) = (background, deadline)
    }

    /// nil if the section is missing or invalid.
    func read() -> DiscoverySettings? {
        guard let file = sources.file, let node = sources.discovery,
            let section = Section<DiscoveryKey>(node, path: "discovery", file.mistakes)
        else { return nil }
        guard sources.isGiven(.interval) else {
            file.mistakes.add(
                "needs interval: registries are told the results of checks at an interval", at: node.position,
                path: "discovery")
            return nil
        }
        let environment = Environment(sources.environment)
        var settings = DiscoverySettings()
        if let node = section[.cloudMap] {
            settings.cloudMap = CloudMapReader(node, section.path(.cloudMap), file, environment)?.read()
        }
        if let node = section[.consul] {
            settings.consul = ConsulReader(node, section.path(.consul), file, environment)?
                .read(for: services, background, deadline: deadline)
        }
        if node.isEmptyMapping {
            file.mistakes.add("has neither cloud_map nor consul", at: node.position, path: "discovery")
        }
        return settings.cloudMap == nil && settings.consul == nil ? nil : settings
    }
}

/// Reads `discovery.cloud_map`.
struct CloudMapReader {
    private static let refreshLimits: ClosedRange<Duration> = .seconds(10) ... .seconds(86_400)

    private let section: Section<CloudMapKey>
    private let mistakes: Mistakes
    private let environment: Environment

    /// nil if the node is not a mapping.
    init?(_ node: YAMLNode, _ path: String, _ file: ConfigurationFile, _ environment: Environment) {
        guard let section = Section<CloudMapKey>(node, path: path, file.mistakes) else { return nil }
        (self.section, mistakes, self.environment) = (section, file.mistakes, environment)
    }

    func read() -> CloudMapSettings? {
        var parts = CloudMapRegistration.Parts()
        parts.serviceID = text(.serviceID)
        parts.stackID = text(.stackID)
        parts.instanceID = text(.instanceID)
        parts.address = text(.address)
        parts.port = section.value(.port) { text throws(ValueError) in try Int(setting: text, within: 1...65_535) }
        parts.attributes = section[.attributes]?.texts(path: section.path(.attributes), mistakes) ?? [:]
        var settings = CloudMapSettings(parts)
        settings.region = text(.region).isEmpty ? nil : text(.region)
        settings.endpoint = text(.endpoint).isEmpty ? nil : text(.endpoint)
        let register: RegisterWord? = section.word(.register)
        settings.start = register == .start ? .atOnce : .whenHealthy
        let onDrain: CloudMapDrainWord? = section.word(.onDrain)
        switch onDrain {
        case .unhealthy?: settings.leaving = .unhealthy
        case .keep?: settings.leaving = .keep
        case .deregister?, nil: settings.leaving = .deregister
        }
        let refresh = section.value(.refresh) { text throws(ValueError) in
            try Duration(setting: text, within: CloudMapReader.refreshLimits)
        }
        settings.refresh = refresh ?? settings.refresh
        guard section[.serviceID] != nil else {
            mistakes.add("has no service_id", at: section.position, path: section.path)
            return nil
        }
        if let mistake = settings.mistake() { refuse("\(mistake)", key(of: mistake)) }
        checkPlace(settings)
        return settings
    }

    /// Checks the environment at the start, so that its mistakes are reported then.
    private func checkPlace(_ settings: CloudMapSettings) {
        do {
            let region = settings.region ?? CloudMapPlace.region(in: environment)
            _ = try CloudMapPlace(region: region ?? "us-east-1", setting: settings.endpoint, environment)
            if settings.isIncomplete(environment) { _ = try KeySource.metadataURL(environment) }
            _ = try KeySource(environment)
        } catch CloudMapPlace.Failure.region(let text) {
            refuse("\"\(text)\" is not the name of a region", section[.region] == nil ? nil : .region)
        } catch CloudMapPlace.Failure.endpoint(let name) {
            refuse("\(name) is not an http or https URL", section[.endpoint] == nil ? nil : .endpoint)
        } catch {
            refuse("\(error)", nil)
        }
    }

    private func key(of mistake: CloudMapMistake) -> CloudMapKey? {
        switch mistake {
        case .serviceID: .serviceID
        case .instanceID: .instanceID
        case .address: .address
        case .port: .port
        case .attributeValue(key: CloudMapRegistration.stackKey) where section[.stackID] != nil: .stackID
        case .attributeKey, .attributeValue, .reserved, .tooMany, .tooLong: .attributes
        }
    }

    private func refuse(_ problem: String, _ key: CloudMapKey?) {
        let node = key.flatMap { section[$0] }
        mistakes.add(
            problem, at: node?.position ?? section.position,
            path: node == nil ? section.path : key.map(section.path) ?? section.path)
    }

    private func text(_ key: CloudMapKey) -> String {
        section.text(key) ?? ""
    }
}

extension YAMLNode {
    /// A mapping of names to texts.
    func texts(path: String, _ mistakes: Mistakes) -> [String: String] {
        var found: [String: String] = [:]
        for (name, _, value) in mapping(path: path, mistakes) ?? [] {
            if let text = value.text(path: "\(path).\(name)", mistakes) { found[name] = text }
        }
        return found
    }
}
