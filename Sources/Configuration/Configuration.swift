package import Health

/// Everything that the program is told from outside, valid.
package struct Configuration: Sendable {
    package let listen: Listen
    /// In the order in which they are shown; at least one.
    package let targets: [Target]
    /// For a whole check.
    package let deadline: Duration
    /// How old an answer may be: zero means that every request is answered by a fresh check.
    package let cache: Duration
    /// How long the server goes on answering, as unhealthy, after it was asked to end.
    package let drain: Duration
    package let logLevel: LogLevel
    package let logFormat: LogFormat
    package let accessLog: Bool
    /// Every setting, with its value and where it comes from.
    package let settings: [SettingValue]
    /// What is probably a mistake, but no reason not to start.
    package let warnings: [String]

    /// - Parameters:
    ///   - flags: values by the setting that the flag is for.
    ///   - environment: of the process.
    package init(flags: [Setting: String] = [:], environment: [String: String] = [:]) throws(ConfigurationError) {
        let found = Setting.allCases.map { Configuration.find($0, flags, environment) }
        var reader = Reader(found)

        let preset = reader.read(.preset) { text throws(ValueError) in try Preset(word: text) } ?? .liveness
        let timeout = reader.duration(.timeout, within: .milliseconds(1) ... .seconds(3600))
        deadline = reader.duration(.deadline, within: .milliseconds(1) ... .seconds(3600))
        cache = reader.duration(.cache, within: .zero ... .seconds(3600))
        drain = reader.duration(.drain, within: .zero ... .seconds(3600))
        listen = reader.read(.listen) { text throws(ValueError) in try Listen(text) } ?? .tcp(host: "", port: 0)
        logLevel = reader.read(.logLevel) { text throws(ValueError) in try LogLevel(word: text) } ?? .info
        logFormat = reader.read(.logFormat) { text throws(ValueError) in try LogFormat(word: text) } ?? .text
        accessLog = reader.read(.accessLog) { text throws(ValueError) in try Switch(word: text) } == .on
        targets = Service.allCases.compactMap { service in
            reader.endpoint(service.setting).map { service.target(at: $0, preset, timeout: timeout) }
        }
        if targets.isEmpty, reader.mistakes.isEmpty { reader.refuseEmptiness() }
        guard reader.mistakes.isEmpty else { throw ConfigurationError(mistakes: reader.mistakes) }

        settings = found
        var warnings = UnknownVariables.warnings(environment)
        if timeout > deadline {
            warnings.append(
                "the timeout of \(timeout.setting) is longer than the deadline of \(deadline.setting), which cuts it short"
            )
        }
        self.warnings = warnings
    }

    private static func find(
        _ setting: Setting, _ flags: [Setting: String], _ environment: [String: String]
    ) -> SettingValue {
        if let text = flags[setting] { return SettingValue(setting: setting, text: text, origin: .flag) }
        if let text = environment[setting.variable], !text.isEmpty || setting.emptyIsAValue {
            return SettingValue(setting: setting, text: text, origin: .environment)
        }
        return SettingValue(setting: setting, text: setting.defaultValue, origin: .byDefault)
    }
}

/// The services that settings alone can describe.
private enum Service: String, CaseIterable {
    case grafana, loki, tempo

    var setting: Setting {
        switch self {
        case .grafana: .grafanaEndpoint
        case .loki: .lokiEndpoint
        case .tempo: .tempoEndpoint
        }
    }

    func target(at base: ProbeURL, _ preset: Preset, timeout: Duration) -> Target {
        let (path, statuses) = probe(preset)
        return Target(
            name: rawValue, url: base.appending(path: path), expectation: Expectation(statuses: statuses),
            timeout: timeout)
    }

    private func probe(_ preset: Preset) -> (path: String, statuses: StatusSet) {
        switch (self, preset) {
        case (.grafana, _): ("/api/health", .only(200))
        case (.loki, .liveness), (.tempo, .liveness): ("/", .only(200).union(.only(404)))
        case (.loki, .readiness), (.tempo, .readiness): ("/ready", .only(200))
        }
    }
}

/// Reads settings one by one and keeps what is wrong with them.
private struct Reader {
    private let values: [Setting: SettingValue]
    private(set) var mistakes: [ConfigurationMistake] = []

    init(_ found: [SettingValue]) {
        values = Dictionary(uniqueKeysWithValues: found.map { ($0.setting, $0) })
    }

    mutating func read<Value>(_ setting: Setting, _ parse: (String) throws(ValueError) -> Value) -> Value? {
        guard let value = values[setting] else { return nil }
        do {
            return try parse(value.text)
        } catch {
            refuse(value, error.problem)
            return nil
        }
    }

    mutating func duration(_ setting: Setting, within allowed: ClosedRange<Duration>) -> Duration {
        read(setting) { text throws(ValueError) in try Duration(setting: text, within: allowed) } ?? .zero
    }

    /// nil where the service is switched off, or its URL is a mistake.
    mutating func endpoint(_ setting: Setting) -> ProbeURL? {
        read(setting) { text throws(ValueError) in text.isEmpty ? nil : try Endpoint.base(text) } ?? nil
    }

    mutating func refuseEmptiness() {
        guard let value = values[.grafanaEndpoint] else { return }
        refuse(value, "leaves no service to check, as the other endpoints are empty too")
    }

    private mutating func refuse(_ value: SettingValue, _ problem: String) {
        mistakes.append(
            ConfigurationMistake(place: value.place, value: value.shown, problem: problem, origin: value.origin))
    }
}

/// Variables that look like ours and are not.
private enum UnknownVariables {
    static func warnings(_ environment: [String: String]) -> [String] {
        let known = Setting.allCases.map(\.variable)
        return environment.filter { $0.key.hasPrefix(Setting.prefix) && !known.contains($0.key) }
            .sorted { $0.key < $1.key }
            .map { name, value in warning(name, isInjected: isInjected(name, value), known) }
    }

    private static func warning(_ name: String, isInjected: Bool, _ known: [String]) -> String {
        if isInjected {
            return "\(name) is not a setting of healthz and is ignored (a container platform seems to have set it)"
        }
        let hint = NearestName.of(name, among: known).map { "did you mean \($0)?" }
        return "\(name) is not a setting of healthz and is ignored; \(hint ?? "healthz config lists them all")"
    }

    /// For a service named "healthz", Kubernetes and Docker links set HEALTHZ_PORT=tcp://… and its like.
    private static func isInjected(_ name: String, _ value: String) -> Bool {
        value.hasPrefix("tcp://") || value.hasPrefix("udp://") || name.contains("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT") || name.hasPrefix("HEALTHZ_PORT_") || name.hasPrefix("HEALTHZ_ENV_")
    }
}
