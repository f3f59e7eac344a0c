import ArgumentParser
import Configuration
import EventLoop
import Glibc

struct ServeCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer /healthz, /healthz/NAME, /livez, /readyz and /metrics (the default).",
        discussion: """
            Every flag has a variable: --timeout is HEALTHZ_TIMEOUT, but --grafana-endpoint is GRAFANA_ENDPOINT, and \
            so with Loki and Tempo. A file in YAML, --config healthz.yaml, can also name the services to check; \
            docs/configuration.md describes it, which "make install" and the package put into the folder \
            share/doc/healthz. "healthz config" shows what is in force.

            SIGHUP reads the file again. SIGTERM drains: /healthz and /readyz fail for the time of --drain, then \
            healthz exits; a second SIGTERM ends the draining. SIGINT (Ctrl-C) exits without draining. Each finishes \
            the answers that are under way.
            """)

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        try await ServeCommand.serve(flags: flags.values)
    }

    @MainActor static func serve(flags: [Setting: String]) async throws {
        // Without these threads, tasks would hang silently.
        guard Workers.dispatchCanMakeThreads else {
            Terminal.printError("too few threads can be made: the limit of tasks, or of memory, is too low")
            throw ExitCode.system
        }
        let loop = EventLoop()
        let source = ConfigurationSource(flags: flags, environment: Terminal.environment)
        let configuration = try Configuration.loadOrExit { () throws(ConfigurationError) in try source.load() }
        let sidecar = Sidecar(configuration, on: loop)
        await sidecar.renewSecrets(of: source)
        let load: Sidecar.Load = { () throws(ConfigurationError) in try source.load() }
        try await sidecar.serve(load: load, ended: { Glibc.exit(0) })
    }
}
