import ArgumentParser
import Configuration
import Discovery
import EventLoop
import Health
import Reporting
import Time

struct RegisterCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register this node in AWS Cloud Map, and take out instances of other stacks.",
        discussion: """
            The node is registered first. When Cloud Map says that this is done, instances whose attribute STACK has \
            another value are deregistered. Instances without that attribute stay, and without a stack nothing is \
            swept. Keys come from the environment, the container's endpoint, or the EC2 instance's role.

            Exit codes: 0 done, also where a sweep was refused; 1 not healthy in time; 69 Cloud Map was not reached or \
            did not finish in time; 77 not allowed; 78 refused by Cloud Map as a mistake. docs/discovery.md has more.
            """)

    enum Switch: String, ExpressibleByArgument, CaseIterable {
        case on, off
    }

    @OptionGroup var cloudMap: CloudMapFlags

    @Option(
        help: ArgumentHelp(
            "The stack that this node belongs to. Variables: HEALTHZ_STACK_ID, STACK_ID; default: none, which "
                + "sweeps nothing.", valueName: "id"))
    var stackId: String?

    @Option(
        help: ArgumentHelp(
            "This node's address. Variables: HEALTHZ_ADDRESS, SYSTEM_IP_ADDR; default: the EC2 instance's.",
            valueName: "address"))
    var address: String?

    @Option(help: ArgumentHelp("The port, for services with SRV records.", valueName: "number"))
    var port: String?

    @Option(help: ArgumentHelp("An attribute of the instance. May be given more than once.", valueName: "key=value"))
    var attribute: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whether to take out instances of other stacks. Variable: HEALTHZ_SWEEP; default: on, where there is a stack.",
            valueName: "switch"), completion: .list(["on", "off"]))
    var sweep: String?

    @Option(
        help: ArgumentHelp(
            "How many of the own stack must be registered before others are taken out: a number, or a share of those "
                + "that would go. Variable: HEALTHZ_SWEEP_MIN_OWN; default: 50%.", valueName: "number"))
    var sweepMinOwn: String?

    @Option(
        help: ArgumentHelp(
            "Stacks that stay, separated by commas. Variable: HEALTHZ_SWEEP_KEEP.", valueName: "stacks"))
    var sweepKeep: String?

    @Option(
        help: ArgumentHelp(
            "Register only when a check of this node is healthy or degraded, for which this long is waited. It is the "
                + "check that \"healthz check\" makes.", valueName: "duration"))
    var waitHealthy: String?

    @Option(
        help: ArgumentHelp("The configuration file for --wait-healthy.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    func execute() async throws {
        let limit = try cloudMap.limit()
        let policy = try policy()
        var draft = CloudMapDraft(try cloudMap.service(), instance: cloudMap.instanceGiven)
        draft.stack = GivenValue(stackId, "--stack-id", ["HEALTHZ_STACK_ID", "STACK_ID"])
        draft.address = GivenValue(address, "--address", ["HEALTHZ_ADDRESS", "SYSTEM_IP_ADDR"])
        draft.parts.port = try readPort()
        draft.parts.attributes = try attributes()
        let loop = EventLoop()
        if let wait = GivenValue(waitHealthy, "--wait-healthy", []) {
            try await waitUntilHealthy(for: try wait.duration(), on: loop)
        }

        let session = try await CloudMapSession(on: loop)
        var questions: [InstanceMetadata.Question] = []
        if cloudMap.instanceGiven == nil { questions.append(.instanceID) }
        if draft.address == nil { questions.append(.address) }
        if cloudMap.regionGiven == nil { questions.append(.region) }
        let answers = try await session.answers(to: questions)
        var settings = CloudMapCommand.Settings(.register, try draft.registration(answers))
        (settings.sweep, settings.isDryRun, settings.limit) = (policy, cloudMap.dryRun, limit)
        let region = cloudMap.regionGiven?.text ?? answers[.region] ?? ""
        try await session.run(settings, in: region, cloudMap.format)
    }

    private func policy() throws -> SweepPolicy {
        var policy = SweepPolicy()
        if let given = GivenValue(sweep, "--sweep", ["HEALTHZ_SWEEP"]) {
            guard let value = Switch(rawValue: given.text) else {
                throw given.refused("\"\(given.text)\" is not on or off")
            }
            policy.isOn = value == .on
        }
        if let given = GivenValue(sweepMinOwn, "--sweep-min-own", ["HEALTHZ_SWEEP_MIN_OWN"]) {
            guard let minimum = SweepPolicy.Minimum(given.text) else {
                throw given.refused("\"\(given.text)\" is not a number or a percentage, such as 3 or 50%")
            }
            policy.minimum = minimum
        }
        if let given = GivenValue(sweepKeep, "--sweep-keep", ["HEALTHZ_SWEEP_KEEP"]) {
            policy.keep = Set(given.text.split(separator: ",").map { String($0.filter { $0 != " " }) })
        }
        return policy
    }

    private func readPort() throws -> Int? {
        guard let given = GivenValue(port, "--port", []) else { return nil }
        guard let number = UInt16(given.text), number > 0 else {
            throw given.refused("\"\(given.text)\" is not a port: 1 to 65535")
        }
        return Int(number)
    }

    private func attributes() throws -> [String: String] {
        var found: [String: String] = [:]
        for text in attribute {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                Terminal.printError("--attribute: \"\(text)\" is not KEY=VALUE")
                throw ExitCode.usage
            }
            found[parts[0]] = parts[1]
        }
        return found
    }

    private func waitUntilHealthy(for limit: Duration, on loop: EventLoop) async throws {
        let flags: [Setting: String] = config.map { [.config: $0] } ?? [:]
        let engine = Engine(try Configuration.orComplaints(flags: flags).onDemand, on: loop)
        try await engine.start()
        let end = Instant.now + limit
        while true {
            let report = await engine.aggregator.report(on: .all).report
            if report.status != .unhealthy { return }
            guard Instant.now < end else {
                Terminal.printError("not healthy within \(limit.brief), so nothing was registered:")
                Terminal.write(TextReport.encode(report), to: 2)
                throw ExitCode.unhealthy
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}
