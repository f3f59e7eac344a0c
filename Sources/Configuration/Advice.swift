import HTTPClient
import Health

/// The hints and warnings for a valid configuration.
enum Advice {
    static func warnings(
        _ sources: Sources, _ services: [Service], _ background: Configuration.Background?, deadline: Duration
    ) -> [String] {
        var warnings = explanations(sources)
        if let slow = services.flatMap(\.targets).first(where: { $0.timeout > deadline }) {
            warnings.append(
                "the timeout of \(slow.timeout.setting) is longer than the deadline of \(deadline.setting), which cuts it short"
            )
        }
        if background != nil, sources[.cache].origin != .byDefault {
            warnings.append("\(sources[.cache].place) has no effect: with an interval, answers come from memory anyway")
        }
        if background == nil, sources[.staleAfter].origin != .byDefault {
            warnings.append("\(sources[.staleAfter].place) has no effect without an interval")
        }
        if sources[.detail].text == "full", sources[.detailTokenFile].origin != .byDefault {
            warnings.append(
                "\(sources[.detailTokenFile].place) has no effect: with detail: full, all clients see details")
        }
        if !services.contains(where: \.isCritical) {
            warnings.append("no service is critical: /healthz is never unhealthy")
        }
        return warnings + unused(sources, services)
    }

    /// Warnings that need no valid value, so they can also be given for a configuration with mistakes.
    static func explanations(_ sources: Sources) -> [String] {
        UnknownVariables.warnings(sources) + rootURLs(sources)
    }

    /// A `url` without a path beside a preset that has a path. It replaces the whole URL, so `/` is probed.
    private static func rootURLs(_ sources: Sources) -> [String] {
        guard let file = sources.file, let services = sources.services else { return [] }
        return services.entries.compactMap { key, service in
            guard let name = key.plainText, let node = service.entry("url"), let text = node.plainText,
                let preset = service.entry("preset")?.plainText.flatMap(ServicePreset.init(rawValue:)),
                !["", "/"].contains(preset.path), let url = try? Endpoint.full(text), url.target == "/"
            else { return nil }
            return
                "\(file.place(node.position)): services.\(name).url: with a url, / is probed instead of \(preset.path); "
                + "did you mean endpoint?"
        }
    }

    /// Services whose only check is a 404 on `/`.
    static func notices(_ sources: Sources, _ services: [Service]) -> [String] {
        let blind = services.filter { service in
            service.targets.contains { target in
                guard case .http(let request, let expectation) = target.probe, expectation.body == nil else {
                    return false
                }
                return expectation.statuses.contains(404) && request.url.target.hasSuffix("/")
            }
        }
        guard !blind.isEmpty else { return [] }
        let names = blind.map(\.name).joined(separator: " and ")
        let remedy = sources.services == nil ? "HEALTHZ_PRESET=readiness" : "preset: loki-ready or tempo-ready"
        return [
            "\(names): judged by 404 on /, which a process gives as soon as it listens, and still while it shuts down; "
                + "it does not show whether it can work. \(remedy) asks /ready instead"
        ]
    }

    /// Settings for Grafana, Loki and Tempo that have no effect, because the file names other services.
    private static func unused(_ sources: Sources, _ services: [Service]) -> [String] {
        guard sources.services != nil, let file = sources.file else { return [] }
        let endpoints: [Setting] = [.grafanaEndpoint, .lokiEndpoint, .tempoEndpoint]
        return ([.preset] + endpoints).compactMap { setting in
            let value = sources[setting]
            let isUsed = setting != .preset && file.takesEndpoint(from: setting)
            guard value.origin == .flag || value.origin == .environment, !isUsed else { return nil }
            return "\(value.place) has no effect: the services are those of \(file.name)"
        }
    }
}

extension ConfigurationFile {
    /// Whether the service's base URL comes from the setting, by its preset or by a variable.
    fileprivate func takesEndpoint(from setting: Setting) -> Bool {
        if uses(variable: setting.variable) { return true }
        guard let services = root?.entry("services")?.entries else { return false }
        return services.contains { _, service in
            let preset = service.entry("preset")?.plainText.flatMap(ServicePreset.init(rawValue:))
            let isElsewhere = ["url", "endpoint", "instances"].contains { service.entry($0) != nil }
            return preset?.endpoint == setting && !isElsewhere
        }
    }
}

extension YAMLNode {
    fileprivate var entries: [(key: YAMLNode, value: YAMLNode)] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    func entry(_ name: String) -> YAMLNode? {
        entries.first { $0.key.plainText == name }?.value
    }
}

/// Variables that look like settings of healthz but are not.
private enum UnknownVariables {
    /// Variables of `healthz register` and `healthz deregister`, which may serve the same node.
    private static let commands = [
        "CLOUD_MAP_SERVICE_ID", "STACK_ID", "INSTANCE_ID", "ADDRESS", "REGION", "SWEEP", "SWEEP_MIN_OWN", "SWEEP_KEEP",
        "WITHIN",
    ].map { Setting.prefix + $0 }

    static func warnings(_ sources: Sources) -> [String] {
        let known = Setting.allCases.map(\.variable) + commands
        return sources.environment
            .filter { name, _ in
                name.hasPrefix(Setting.prefix) && !known.contains(name) && sources.file?.uses(variable: name) != true
            }
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

    /// For a service named "healthz", Kubernetes and Docker links set HEALTHZ_PORT=tcp://… and similar variables.
    private static func isInjected(_ name: String, _ value: String) -> Bool {
        value.hasPrefix("tcp://") || value.hasPrefix("udp://") || name.contains("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT") || name.hasPrefix("HEALTHZ_PORT_") || name.hasPrefix("HEALTHZ_ENV_")
    }
}
