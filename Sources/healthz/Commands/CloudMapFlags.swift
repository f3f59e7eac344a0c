import ArgumentParser
import Configuration
import Discovery

/// The flags of both commands for Cloud Map.
struct CloudMapFlags: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(
        help: ArgumentHelp(
            "The Cloud Map service, by its identifier or ARN. Variables: HEALTHZ_CLOUD_MAP_SERVICE_ID, SERVICE_ID.",
            valueName: "id"))
    var cloudMapServiceId: String?

    @Option(
        help: ArgumentHelp(
            "This node's name in the service. Variables: HEALTHZ_INSTANCE_ID, SYSTEM_INSTANCE_ID; default: the EC2 "
                + "instance's identifier.", valueName: "id"))
    var instanceId: String?

    @Option(
        help: ArgumentHelp(
            "The region. Variables: HEALTHZ_REGION, REGION, AWS_REGION, AWS_DEFAULT_REGION; default: the EC2 "
                + "instance's.", valueName: "name"))
    var region: String?

    @Option(
        help: ArgumentHelp(
            "How long the command may take. Variable: HEALTHZ_WITHIN; default: 2m.", valueName: "duration"))
    var within: String?

    @Flag(help: "Only say what would be done. Nothing is changed.")
    var dryRun = false

    @Option(help: "How to print: text, one line for each step, or json, one object at the end.")
    var format = Format.text

    var serviceGiven: GivenValue? {
        GivenValue(cloudMapServiceId, "--cloud-map-service-id", ["HEALTHZ_CLOUD_MAP_SERVICE_ID", "SERVICE_ID"])
    }

    var instanceGiven: GivenValue? {
        GivenValue(instanceId, "--instance-id", ["HEALTHZ_INSTANCE_ID", "SYSTEM_INSTANCE_ID"])
    }

    var regionGiven: GivenValue? {
        GivenValue(
            region, "--region", ["HEALTHZ_REGION", "REGION", "AWS_REGION", "AWS_DEFAULT_REGION"])
    }

    func limit() throws -> Duration {
        guard let given = GivenValue(within, "--within", ["HEALTHZ_WITHIN"]) else { return .seconds(120) }
        return try given.duration()
    }

    /// Returns the service's identifier, or ends the program if there is none.
    func service() throws -> GivenValue {
        if let given = serviceGiven { return given }
        Terminal.printError(
            "no Cloud Map service is given: use --cloud-map-service-id, HEALTHZ_CLOUD_MAP_SERVICE_ID or SERVICE_ID")
        throw ExitCode.usage
    }
}

/// The value of a flag or of its variable.
struct GivenValue {
    let text: String
    /// The name of the flag or the variable.
    let place: String
    private let isFlag: Bool

    /// nil if neither is set. An empty variable counts as not set.
    init?(_ flag: String?, _ name: String, _ variables: [String]) {
        if let flag {
            (text, place, isFlag) = (flag, name, true)
            return
        }
        let environment = Environment(Terminal.environment)
        for variable in variables {
            guard let value = environment[variable] else { continue }
            (text, place, isFlag) = (value, variable, false)
            return
        }
        return nil
    }

    func duration() throws -> Duration {
        do {
            return try Duration(setting: text, within: .seconds(1) ... .seconds(3600))
        } catch {
            throw refused("\"\(text)\" \(error.problem)")
        }
    }

    /// Prints the mistake.
    func refused(_ problem: String) -> ExitCode {
        Terminal.printError("\(place): \(problem)")
        return isFlag ? .usage : .configuration
    }
}
