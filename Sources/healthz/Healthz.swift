import ArgumentParser
import Configuration
import Health

/// The program: its commands, and nothing that could be done elsewhere.
struct Healthz: ParsableCommand {
    static let version = "0.1.0"

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

/// A command that does the work, as opposed to the root, which only has them.
protocol Subcommand: ParsableCommand {
    /// Throws an exit code where it must not be 0.
    @MainActor func execute() async throws
}

extension Healthz {
    /// What is wrong with the name of the command; nil if nothing is, or if there is none. As serving is the default, the
    /// parser would take the name as an argument of `serve`.
    static func mistake(inCommandOf arguments: [String]) -> String? {
        let known = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let name = arguments.first, !name.hasPrefix("-"), !(known + ["help"]).contains(name) else { return nil }
        let hint = NearestName.of(name, among: known).map { "did you mean \($0)?" }
        return "\"\(Printable.escape(name, limit: 100))\" is not a command; "
            + (hint ?? "there are \(known.joined(separator: ", "))")
    }
}

/// Where the program begins.
@main
enum Main {
    /// The library's own entry for asynchronous commands runs them on the global pool, which a server leaves alone: once it
    /// has had any work, Dispatch looks after it once a second for ever, and a process with nothing to do would not sleep.
    @MainActor static func main() async {
        ProcessOne.prepare()
        Footprint.shareHeap()
        do {
            // Nothing to parse, and so no parser, which takes a fifth of the time to the first answer.
            guard let arguments = Arguments.read() else {
                Terminal.complain("the command's arguments cannot be read: is /proc mounted?")
                throw ExitCode.system
            }
            if arguments.isEmpty || arguments == ["serve"] {
                ProcessOne.endOnSignals(serves: true)
                return try await ServeCommand.serve(flags: [:])
            }
            if let mistake = Healthz.mistake(inCommandOf: arguments) {
                Terminal.complain(mistake)
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
