import ArgumentParser
import Configuration
import EventLoop
import Health
import Reporting

struct CheckCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Probe once, now, and print: exit 0 if healthy or degraded, 1 if not.",
        discussion: """
            On a terminal the table is coloured, unless NO_COLOR is set or CLICOLOR is 0; CLICOLOR_FORCE colours it \
            elsewhere, too. With --watch, the exit code is that of the last round. What is watched is not smoothed by \
            rise and fall.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, text
    }

    @Argument(
        help: ArgumentHelp("Only these services, such as loki.", valueName: "service"),
        completion: .custom { words, _, _ in ServiceNames.offered(after: words) })
    var services: [String] = []

    @Option(help: "How to print: table, json as the API answers, or text in one line.")
    var format = Format.table

    @Option(help: ArgumentHelp("Check again and again, at this interval, until Ctrl-C: 2s.", valueName: "interval"))
    var watch: String?

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        // No other process checks here, so each result counts.
        let configuration = try flags.configuration().onDemand
        for warning in configuration.warnings { Terminal.printError("warning: \(warning)") }
        let selection = try selection(among: configuration.services.map(\.name))
        let interval = try watch.map(interval)

        let checks = Checks(of: selection, configuration)
        let status: HealthStatus?
        if let interval {
            var shell = WatchShell(checks, every: interval, format)
            status = try await shell.run()
        } else {
            let report = try await checks.once()
            try Terminal.show(format.encode(report, Terminal.look))
            status = report.status
        }
        // An unknown state is not healthy.
        guard let status, status != .unhealthy else { throw ExitCode.unhealthy }
    }

    private func interval(_ text: String) throws -> Duration {
        do {
            return try Duration(setting: text, within: .milliseconds(100) ... .seconds(3600))
        } catch {
            Terminal.printError("--watch: \"\(text)\" \(error.problem)")
            throw ExitCode.usage
        }
    }

    private func selection(among known: [String]) throws -> Selection {
        for service in services where !known.contains(service) {
            Terminal.printError("no service is named \"\(service)\"; there are: \(known.joined(separator: ", "))")
            throw ExitCode.usage
        }
        return services.isEmpty ? .all : .excluding(Set(known).subtracting(services))
    }
}

extension CheckCommand.Format {
    func encode(_ report: Report, _ look: Look) -> String {
        switch self {
        case .table: TableReport.encode(report, look)
        case .json: JSONReport.encode(report)
        case .text: TextReport.encode(report)
        }
    }
}
