import HTTPClient
import Health

/// Reads the services: those of the file, or Grafana, Loki and Tempo.
struct ServicesReader {
    private let sources: Sources
    private let reader: SettingReader
    private let hasInterval: Bool
    private let timeout: Duration
    private let threshold: Threshold
    private let reusesConnections: Bool
    private let interval: Duration

    init(_ sources: Sources, _ reader: SettingReader, hasInterval: Bool, interval: Duration?) {
        self.interval = interval ?? .zero
        self.sources = sources
        self.reader = reader
        self.hasInterval = hasInterval
        timeout = reader.duration(.timeout)
        threshold = reader.threshold(hasInterval: hasInterval)
        reusesConnections = reader.isOn(.reuseConnections)
    }

    func read() -> [Service] {
        if let file = sources.file, let node = sources.services { return services(node, file) }
        let services = standard()
        if services.isEmpty, reader.mistakes.isEmpty {
            reader.refuse(.grafanaEndpoint, "leaves no service to check, as the other endpoints are empty too")
        }
        return services
    }

    private func standard() -> [Service] {
        let preset = reader.word(.preset) ?? Preset.liveness
        return preset.services.compactMap { name, presets in
            if presets.count == 1, let preset = presets.first {
                return target(name, preset).map { Service(name: name, target: $0) }
            }
            let checks = presets.compactMap { preset in
                target("\(name) \(preset.check)", preset).map {
                    Service.Instance(name: preset.check, target: $0, place: name)
                }
            }
            return checks.isEmpty ? nil : Service(name: name, instances: checks, required: 1)
        }
    }

    /// nil if the service is left out.
    private func target(_ id: String, _ preset: ServicePreset) -> Target? {
        guard let setting = preset.endpoint, let url = reader.endpoint(setting) else { return nil }
        var template = RequestReader.Template()
        template.use(preset)
        let request = template.to(url.appending(path: preset.path), reusesConnection: reusesConnections)
        return Target(id: id, probe: .http(request, preset.expectation), timeout: timeout, threshold: threshold)
    }

    private func services(_ node: YAMLNode, _ file: ConfigurationFile) -> [Service] {
        guard let entries = node.mapping(path: "services", file.mistakes) else { return [] }
        if node.isEmptyMapping { file.mistakes.add("names no service", at: node.position, path: "services") }
        return entries.compactMap { name, position, node in
            guard name.isServiceName else {
                file.mistakes.add(
                    "is not a name of at most 63 letters, digits, dots, hyphens and underscores, which begins with a "
                        + "letter or digit", at: position, path: "services", value: name)
                return nil
            }
            let defaults = ServiceReader.Defaults(
                timeout: timeout, threshold: threshold, hasInterval: hasInterval, reusesConnections: reusesConnections,
                interval: interval
            ) {
                endpoint($0, of: name)
            }
            return ServiceReader(name, node, file, defaults)?.read()
        }
    }

    private func endpoint(_ setting: Setting, of name: String) -> URL? {
        if sources[setting].text.isEmpty {
            reader.refuse(setting, "is empty, but services.\(name) takes its endpoint from there")
            return nil
        }
        return reader.endpoint(setting)
    }
}

extension ServicePreset {
    /// The name of a check, such as `write`.
    fileprivate var check: String { rawValue.split(separator: "-").last.map(String.init) ?? rawValue }
}

extension String {
    /// Whether it is fit for URLs and metrics.
    var isServiceName: Bool {
        let bytes = Array(utf8)
        return (1...63).contains(bytes.count) && bytes[0].isAlphanumeric
            && bytes.allSatisfy { $0.isAlphanumeric || "._-".utf8.contains($0) }
    }
}
