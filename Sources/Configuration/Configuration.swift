package import Discovery
package import HTTPWire
package import Health
package import Sockets

/// Everything that the program is told from outside, valid.
package struct Configuration: Sendable {
    package let listen: ListenAddress
    /// In the order in which they are shown; at least one.
    package private(set) var services: [Service]
    /// For a whole check.
    package let deadline: Duration
    /// How old an answer may be where checks are made on demand: zero means that every request makes one.
    package private(set) var cache: Duration
    /// nil where checks are made on demand.
    package private(set) var background: Background?
    /// How long the server goes on answering, as unhealthy, after it was asked to end.
    package let drain: Duration
    /// The status of an answer that says unhealthy: 500 or 503.
    package let unhealthyStatus: Int
    /// The status of an answer that says degraded: 200 or 429.
    package let degradedStatus: Int
    /// While it exists, the node is unhealthy; nil for none.
    package let maintenanceFile: String?
    package let detail: DetailPolicy
    /// Whoever has it is shown all. A secret.
    package let detailToken: String?
    /// The address of a page that says what to do when the node is unhealthy.
    package let runbook: String?
    package let proxyProtocol: ProxyProtocolPolicy
    package let serverLimits: ServerLimits
    package let logLevel: LogLevel
    package let logFormat: LogFormat
    package let accessLog: Bool
    /// nil where nothing is to be told to service discovery.
    package let discovery: DiscoverySettings?
    /// Every setting, with its value and where it comes from.
    package let settings: [SettingValue]
    /// What is probably a mistake, but no reason not to start.
    package let warnings: [String]
    /// What one should know of what is configured.
    package let notices: [String]

    /// Checks that go on by themselves.
    package struct Background: Sendable, Hashable {
        package let pace: Pace
        /// What began longer ago is no answer any more.
        package let staleAfter: Duration
    }

    /// - Parameters:
    ///   - flags: values by the setting that the flag is for.
    ///   - environment: of the process.
    ///   - files: where the configuration file and the secrets are read. Reading may block.
    package init(
        flags: [Setting: String] = [:], environment: [String: String] = [:], files: Files = .system
    ) throws(ConfigurationError) {
        let sources = Sources(flags, environment, files)
        let reader = SettingReader(sources)

        listen = reader.listen()
        deadline = reader.duration(.deadline)
        cache = reader.duration(.cache)
        background = reader.background(deadline: deadline)
        drain = reader.duration(.drain)
        unhealthyStatus = (reader.word(.unhealthyStatus) ?? UnhealthyStatus.internalServerError).code
        degradedStatus = (reader.word(.degradedStatus) ?? DegradedStatus.ok).code
        maintenanceFile = reader.path(.maintenanceFile)
        detail = reader.networks(.detail) { text throws(ValueError) in try DetailPolicy(text) } ?? .summary
        detailToken = reader.token(files)
        runbook = reader.link(.runbook)
        proxyProtocol =
            reader.networks(.proxyProtocol) { text throws(ValueError) in try ProxyProtocolPolicy(text) } ?? .off
        serverLimits = reader.serverLimits()
        logLevel = reader.word(.logLevel) ?? .info
        logFormat = reader.word(.logFormat) ?? .text
        accessLog = reader.isOn(.accessLog)
        services =
            ServicesReader(
                sources, reader, hasInterval: sources.isGiven(.interval), interval: background?.pace.interval
            ).read()
        discovery = DiscoveryReader(sources, services, background, deadline: deadline).read()

        let mistakes = reader.mistakes + sources.mistakes
        guard mistakes.isEmpty else {
            throw ConfigurationError(mistakes: Configuration.inOrder(mistakes), warnings: Advice.explanations(sources))
        }
        settings = sources.values
        warnings = Advice.warnings(sources, services, background, deadline: deadline)
        notices = Advice.notices(sources, services)
    }

    /// Where the server of such a configuration listens, whatever else may be wrong with it; and whether that was said, and is
    /// not the default.
    package static func listen(
        flags: [Setting: String] = [:], environment: [String: String] = [:], files: Files = .system
    ) throws(ConfigurationError) -> (address: ListenAddress, isDefault: Bool) {
        let sources = Sources(flags, environment, files)
        let reader = SettingReader(sources)
        let listen = reader.listen()
        let fatal = sources.file.map { $0.root == nil ? $0.mistakes.all : [] } ?? []
        guard fatal.isEmpty, reader.mistakes.isEmpty else {
            throw ConfigurationError(mistakes: fatal + reader.mistakes)
        }
        return (listen, sources[.listen].origin == .byDefault)
    }

    /// In the order of the file, and each once: an anchor that is used twice is wrong twice, but in one place.
    private static func inOrder(_ mistakes: [ConfigurationMistake]) -> [ConfigurationMistake] {
        struct Key: Hashable {
            let origin: Origin
            let problem: String
            let value: String?
            /// A flag or a variable has no other place.
            let name: String
        }
        var seen: Set<Key> = []
        return mistakes.filter { mistake in
            let name = mistake.position == nil ? mistake.place : ""
            let key = Key(origin: mistake.origin, problem: mistake.problem, value: mistake.value, name: name)
            return seen.insert(key).inserted
        }
        .sorted(by: isBefore)
    }

    /// What is not in the file comes before.
    private static func isBefore(_ left: ConfigurationMistake, _ right: ConfigurationMistake) -> Bool {
        switch (left.position, right.position) {
        case (let left?, let right?): left < right
        case (nil, .some): true
        case (_, nil): false
        }
    }
}

extension Configuration {
    /// The same, checked whenever somebody asks, and each result decisive.
    package var onDemand: Configuration {
        var copy = self
        copy.background = nil
        copy.cache = .zero
        copy.services = services.map(\.decidedByEachResult)
        return copy
    }
}
