import ArgumentParser
import Configuration
import CurlClient
import Discovery
import EventLoop
import HTTPClient

/// The loop, the client and the answers of the machine for a command of Cloud Map.
struct CloudMapSession {
    private let loop: EventLoop
    private let client: CurlClient
    private let environment = Environment(Terminal.environment)

    init(on loop: EventLoop = EventLoop()) async throws {
        self.loop = loop
        client = CurlClient(on: loop, userAgent: Engine.userAgent)
        do {
            try await client.start()
        } catch {
            Terminal.printError("\(error)")
            throw ExitCode.system
        }
    }

    /// The answers of the instance metadata service. Without questions, it is not asked.
    func answers(to questions: [InstanceMetadata.Question]) async throws -> MetadataLink.Answers {
        guard !questions.isEmpty else { return [:] }
        let result: Result<MetadataLink.Answers, MetadataFailure>
        do throws(KeyFailure) {
            let link = MetadataLink(try KeySource.metadataURL(environment), on: loop, by: client)
            result = await link.answers(to: questions)
        } catch {
            Terminal.printError(
                "\(questions.map(\.flag).joined(separator: ", ")) must be given, as the instance metadata service "
                    + "cannot be asked: \(error)")
            throw ExitCode.usage
        }
        switch result {
        case .success(let answers): return answers
        case .failure(let failure):
            Terminal.printError("\(questions.map(\.flag).joined(separator: ", ")): \(failure)")
            throw ExitCode(failure.problem)
        }
    }

    /// Runs the command, and prints its steps.
    func run(_ settings: CloudMapCommand.Settings, in region: String, _ format: CloudMapFlags.Format) async throws {
        let link = try link(to: region)
        let (steps, sink) = AsyncStream<CommandStep>.makeStream()
        let run = CloudMapRun(settings, on: loop, by: link) { sink.yield($0) }
        async let exit = {
            defer { sink.finish() }
            return await run.exit()
        }()
        var record = CommandRecord(settings, region: region)
        var printer = StepPrinter(format)
        for await step in steps {
            record.add(step)
            try printer.show(step)
        }
        let code = await exit
        record.ended(code)
        try printer.end(record)
        if code != .done { throw ExitCode(code.rawValue) }
    }

    private func link(to region: String) throws -> CloudMapLink {
        do {
            let place = try CloudMapPlace(region: region, environment)
            let keys = try KeySource(environment)
            let caller = CloudMapCaller(endpoint: place.endpoint, region: place.region, keys: keys)
            return CloudMapLink(caller, on: loop, by: client, TokenFiles(on: loop, content: Files.system.content))
        } catch let failure as KeyFailure {
            Terminal.printError("\(failure)")
            throw ExitCode(failure.problem)
        } catch {
            Terminal.printError("\(error)")
            throw ExitCode.configuration
        }
    }
}

extension InstanceMetadata.Question {
    fileprivate var flag: String {
        switch self {
        case .instanceID: "--instance-id"
        case .address: "--address"
        case .region: "--region"
        case .keys: "keys"
        }
    }
}

extension ExitCode {
    fileprivate init(_ problem: CloudMapFailure.Problem) {
        switch problem {
        case .denied: self = .denied
        case .invalid, .serviceNotFound: self = .configuration
        default: self = .unavailable
        }
    }
}

extension Files {
    /// Reads a whole file for room Discovery.
    var content: @Sendable (String) -> Result<[UInt8], FileFailure> {
        { path in read(path).mapError { FileFailure(problem: $0.problem) } }
    }
}
