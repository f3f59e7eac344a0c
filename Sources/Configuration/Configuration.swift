package import Discovery
package import HTTPWire
package import Health
package import Sockets

/// The whole configuration of the program, valid.
package struct Configuration: Sendable {
    package let listen: ListenAddress
    /// In display order; at least one.
    package private(set) var services: [Service]
    /// For a whole check, not for a probe.
    package let deadline: Duration
    /// The largest age of an answer if checks are made on demand. Zero: every request makes a check.
    package private(set) var cache: Duration
    /// nil if checks are made on demand.
    package private(set) var background: Background?
    /// How long the server answers as unhealthy after SIGTERM before it ends.
    package let drain: Duration
    /// The status of responses that report an unhealthy node: 500 or 503.
    package let unhealthyStatus: Int
    /// The status of responses that report a degraded node: 200 or 429.
    package let degradedStatus: Int
    /// The file that takes the node out of service; nil for none.
    package let maintenanceFile: String?
    package let detail: DetailPolicy
    /// A client with this token gets all details. A secret.
    package let detailToken: String?
    /// The address of a page that says what to do if the node is unhealthy.
    package let runbook: String?
    package let proxyProtocol: ProxyProtocolPolicy
    package let serverLimits: ServerLimits
    package let logLevel: LogLevel
    package let logFormat: LogFormat
    package let accessLog: Bool
    /// nil if healthz registers nothing.
    package let discovery: DiscoverySettings?
    /// Every setting with its value and its source.
    package let settings: [SettingValue]
    /// Probable mistakes that do not prevent the start.
    package let warnings: [String]
    /// Notes about the configuration, for people.
    package let notices: [String]

    /// Checks at an interval.
    package struct Background: Sendable, Hashable {
        package let pace: Pace
        /// A report from a check that began longer ago is stale.
        package let staleAfter: Duration
    }

    /// - Parameters:
    ///   - flags: the values of flags, by setting.
    ///   - environment: of the process.
    ///   - files: for the configuration file and the secrets. Reading may block.
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

    /// The listen address of the server with this configuration, even if other settings are wrong; and whether it was
    /// configured, and is not the default.
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

    /// In the order of the file. An anchor that is used twice is reported once.
    private static func inOrder(_ mistakes: [ConfigurationMistake]) -> [ConfigurationMistake] {
        struct Key: Hashable {
            let origin: Origin
            let problem: String
            let value: String?
            /// A flag or a variable has no position.
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

    /// Mistakes outside the file come first.
    private static func isBefore(_ left: ConfigurationMistake, _ right: ConfigurationMistake) -> Bool {
        switch (left.position, right.position) {
        case (let left?, let right?): left < right
        case (nil, .some): true
        case (_, nil): false
        }
    }
}

extension Configuration {
    /// The same service for checks on demand, where each result counts.
    package var onDemand: Configuration {
        var copy = self
        copy.background = nil
        copy.cache = .zero
        copy.services = services.map(\.decidedByEachResult)
        return copy
    }
}
