import ArgumentParser
import Configuration
import EventLoop
import Health
import Reporting

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Probe once, now, and print: exit 0 if healthy or degraded, 1 if not.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, text
    }

    @Argument(help: ArgumentHelp("Only these services, such as loki.", valueName: "service"))
    var services: [String] = []

    @Option(help: "How to print: table, json as the API answers, or text in one line.")
    var format = Format.table

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        // Nobody else checks here: each result counts.
        let configuration = try flags.configuration().onDemand
        for warning in configuration.warnings { Terminal.complain("warning: \(warning)") }
        let selection = try selection(among: configuration.services.map(\.name))

        let engine = Engine(configuration, on: EventLoop())
        try await engine.start()
        let report = await engine.aggregator.report(on: selection).report
        Terminal.show(encode(report))
        guard report.status != .unhealthy else { throw ExitCode.unhealthy }
    }

    private func selection(among known: [String]) throws -> Selection {
        for service in services where !known.contains(service) {
            Terminal.complain("no service is named \"\(service)\"; there are: \(known.joined(separator: ", "))")
            throw ExitCode.usage
        }
        return services.isEmpty ? .all : .excluding(Set(known).subtracting(services))
    }

    private func encode(_ report: Report) -> String {
        switch format {
        case .table: TableReport.encode(report)
        case .json: JSONReport.encode(report)
        case .text: TextReport.encode(report)
        }
    }
}
