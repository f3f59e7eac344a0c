import ArgumentParser
import Configuration
import Health

/// The program and its commands.
struct Healthz: ParsableCommand {
    static let version = "0.2.0"

    static let configuration = CommandConfiguration(
        commandName: "healthz",
        abstract: "Tells whether a node's Grafana, Loki and Tempo are healthy, which is not, since when, and why.",
        discussion: """
            Without a subcommand, healthz serves. A setting comes from its flag, else from its environment variable, \
            else from the configuration file that --config or HEALTHZ_CONFIG names, else it is the default. "healthz \
            config" shows all settings with their origin, "healthz serve --help" explains them, and so does the manual, \
            healthz(1).

            Exit codes: 0 healthy or done, 1 unhealthy, 64 usage, 78 configuration, 69 an address that is taken or \
            not this machine's or a registry that did not answer in time, 71 a failure of the system, 77 not allowed by the \
            registry.
            """,
        version: "healthz \(version)",
        subcommands: [
            ServeCommand.self, CheckCommand.self, ProbeCommand.self, RegisterCommand.self, DeregisterCommand.self,
            DemoCommand.self, ConfigCommand.self,
        ],
        defaultSubcommand: ServeCommand.self
    )
}

/// A command with an action; the root has only subcommands.
protocol Subcommand: ParsableCommand {
    /// Throws an exit code other than 0.
    @MainActor func execute() async throws
}

extension Healthz {
    /// The mistake in the name of the command; nil if there is none. `serve` is the default, so the parser would take
    /// the name as an argument of `serve`.
    static func mistake(inCommandOf arguments: [String]) -> String? {
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let name = arguments.first, !name.hasPrefix("-"), !(known + ["help"]).contains(name) else { return nil }
        let hint = NearestName.of(name, among: known).map { "did you mean \($0)?" }
        return "\"\(Printable.escape(name, limit: 100))\" is not a command; "
            + (hint ?? "there are \(known.joined(separator: ", "))")
    }
}

/// The entry point.
@main
enum Main {
    /// ArgumentParser's entry point for asynchronous commands uses the global pool. After its first job, Dispatch
    /// checks the pool once a second forever, so an idle process would not sleep.
    @MainActor static func main() async {
        ProcessOne.prepare()
        Footprint.shareHeap()
        do {
            // Without arguments, the parser is not used: it takes a fifth of the time to the first answer.
            guard let arguments = Arguments.read() else {
                Terminal.printError("the command's arguments cannot be read: is /proc mounted?")
                throw ExitCode.system
            }
            if arguments.isEmpty || arguments == ["serve"] {
                ProcessOne.endOnSignals(serves: true)
                return try await ServeCommand.serve(flags: [:])
            }
            if let mistake = Healthz.mistake(inCommandOf: arguments) {
                Terminal.printError(mistake)
                throw ExitCode.usage
            }
            var command = try Healthz.parseAsRoot(arguments)
            guard let subcommand = command as? any Subcommand else { return try command.run() }
            ProcessOne.endOnSignals(serves: subcommand is ServeCommand)
            try await subcommand.execute()
        } catch {
            Healthz.exit(withError: error)
        }
    }
}
