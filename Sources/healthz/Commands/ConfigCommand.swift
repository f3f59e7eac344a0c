import ArgumentParser
import Configuration
import Discovery
import HTTPClient
import Health
import Reporting
import Time

struct ConfigCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print the effective configuration, each value with its origin, and the worst time to detect.")

    @Flag(help: "Only say whether it is valid: exit 0, or 78 with every mistake and its place.")
    var check = false

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        let configuration = try flags.configuration()
        for warning in configuration.warnings { Terminal.printError("warning: \(warning)") }
        if check {
            try Terminal.show("the configuration is valid\n")
        } else {
            let tables =
                [settings(configuration), services(configuration), detection(configuration)]
                + (configuration.discovery.map { [discovery($0), turning($0, configuration)] } ?? [])
            try Terminal.show(tables.map(Table.text).joined(separator: "\n"))
        }
    }

    private func settings(_ configuration: Configuration) -> [[String]] {
        [["SETTING", "VALUE", "ORIGIN"]]
            + configuration.settings.map { value in
                [value.setting.rawValue, value.shown.isEmpty ? "(off)" : value.shown, origin(value)]
            }
    }

    private func services(_ configuration: Configuration) -> [[String]] {
        var rows = [["SERVICE", "PROBE", "HEALTHY", "TIMEOUT", "RISE/FALL", "COUNTS"]]
        for service in configuration.services {
            let group = service.isGroup ? "\(service.requiredInstances) of \(service.instances.count)" : ""
            let counts = service.isCritical ? "critical" : "not critical"
            for (index, target) in service.targets.enumerated() {
                rows.append([
                    index == 0 ? service.name : "", "\(target.probe)",
                    Printable.escape(target.probe.expected, limit: 80), target.timeout.setting,
                    "\(target.threshold.rise)/\(target.threshold.fall)",
                    index > 0 ? "" : group.isEmpty ? counts : "\(counts), \(group)",
                ])
            }
        }
        return rows
    }

    /// Shows how long a failure can stay unnoticed, and the time that the balancer adds.
    private func detection(_ configuration: Configuration) -> [[String]] {
        let own = configuration.worstDetection
        let balancer = Configuration.balancerDetection
        return [
            ["WORST TIME TO DETECT", "", "FROM"],
            ["healthz", seconds(own.time), own.formula],
            ["a Network Load Balancer", seconds(balancer.time), balancer.formula],
            ["together", seconds(own.time + balancer.time), "the failure to the last new connection"],
        ]
    }

    private func discovery(_ settings: DiscoverySettings) -> [[String]] {
        var rows = [["DISCOVERY", "SERVICE", "INSTANCE", "AT", "VERDICT"]]
        if let cloudMap = settings.cloudMap {
            let parts = cloudMap.parts
            rows.append([
                Registry.cloudMap.rawValue, parts.serviceID,
                parts.instanceID.isEmpty ? "(of the EC2 instance)" : parts.instanceID,
                cloudMap.endpoint.map { Endpoint.withoutCredentials($0) } ?? cloudMap.region
                    ?? "(region of the machine)",
                "node",
            ])
        }
        for entry in settings.consul?.entries ?? [] {
            let service = entry.registrar.service
            rows.append([
                Registry.consul.rawValue, service.name, service.id, settings.consul?.agent.url.place ?? "",
                entry.source ?? "node",
            ])
        }
        return rows
    }

    /// Shows how long clients may still get the address of a failed node from DNS.
    private func turning(_ settings: DiscoverySettings, _ configuration: Configuration) -> [[String]] {
        let own = configuration.worstDetection.time
        var rows = [["WORST TIME UNTIL CLIENTS TURN AWAY", "", "FROM"]]
        if settings.cloudMap != nil {
            rows.append([
                Registry.cloudMap.rawValue, seconds(own + CloudMapRegistrar.propagation),
                "healthz + 30 s of Cloud Map; then the TTL of the record",
            ])
        }
        for entry in settings.consul?.entries ?? [] {
            let name = "\(Registry.consul.rawValue) \(entry.registrar.service.name)"
            switch entry.registrar.service.check {
            case .ttl(let ttl):
                rows.append([name, seconds(own), "healthz; a crash of healthz: the TTL of \(ttl.setting)"])
            case .http(_, let interval, let timeout):
                rows.append([name, seconds(own + interval + timeout), "healthz + one check of the agent"])
            }
        }
        return rows
    }

    private func seconds(_ time: Duration) -> String {
        "\((time.milliseconds / 100).rounded(.up) / 10) s"
    }

    private func origin(_ value: SettingValue) -> String {
        switch value.origin {
        case .flag: "flag \(value.place)"
        case .environment: "environment \(value.place)"
        case .file(let place): place
        case .byDefault: "default"
        }
    }
}
