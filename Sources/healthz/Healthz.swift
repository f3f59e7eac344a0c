import ArgumentParser

/// The program: its commands, and nothing that could be done elsewhere.
struct Healthz: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "healthz",
        abstract: "Tells whether a node's Grafana, Loki and Tempo are healthy, which is not, since when, and why.",
        discussion: """
            Without a subcommand, healthz serves. Settings come from flags, else from the environment, else from \
            defaults; "healthz config" shows them all with their origin, "healthz serve --help" explains them.

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
                return try await ServeCommand.serve(flags: [:])
            }
            var command = try Healthz.parseAsRoot(arguments)
            guard let subcommand = command as? any Subcommand else { return try command.run() }
            try await subcommand.execute()
        } catch {
            Healthz.exit(withError: error)
        }
    }
}
