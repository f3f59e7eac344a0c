import ArgumentParser
import Configuration
import EventLoop

struct ServeCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer /healthz, /healthz/NAME, /livez, /readyz and /metrics (the default).",
        discussion: """
            Every flag has a variable: --timeout is HEALTHZ_TIMEOUT, but --grafana-endpoint is GRAFANA_ENDPOINT, and \
            so with Loki and Tempo. More can be said in a file, --config healthz.yaml, which docs/configuration.md \
            describes; SIGHUP reads it again. "healthz config" shows what is in force.
            """)

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        try await ServeCommand.serve(flags: flags.values)
    }

    @MainActor static func serve(flags: [Setting: String]) async throws {
        let loop = EventLoop()
        let configuration = try Configuration.orComplaints(flags: flags)
        let sidecar = Sidecar(configuration, on: loop)
        try await sidecar.serve { () throws(ConfigurationError) in
            try Configuration.load(flags: flags)
        }
    }
}
