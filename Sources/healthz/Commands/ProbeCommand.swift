import ArgumentParser
import Configuration
import EventLoop
import Health
import Probing
import Reporting

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Probe one URL and print one line: exit 0 if it answers as expected, 1 if not.",
        discussion: """
            For a HEALTHCHECK in an image without a shell. Without a URL it asks the healthz of this container, at \
            HEALTHZ_LISTEN, for /livez. A UNIX domain socket is unix:/run/healthz.sock, or with a path \
            unix:/run/healthz.sock:/livez.
            """)

    @Argument(help: ArgumentHelp("Such as http://127.0.0.1:8080/livez.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Which status codes are healthy: 200, 2xx, 200-299,404.", valueName: "statuses"))
    var accept = "200-299"

    @Option(help: ArgumentHelp("How long it may take: 250ms, 2s, 1m.", valueName: "duration"))
    var timeout = "2s"

    func run() async throws {
        guard let statuses = StatusSet(accept) else {
            throw usage(
                "--accept: \"\(accept)\" is not a status, a range or a class (200, 200-299, 2xx), or a list of them")
        }
        let limit = try read("--timeout", timeout) { text throws(ValueError) in
            try Duration(setting: text, within: .milliseconds(1) ... .seconds(3600))
        }
        let target = try target()

        let loop = EventLoop()
        let prober = CurlProber(on: loop, userAgent: Engine.userAgent)
        try await prober.start()
        let startedAt = ContinuousClock.now
        let outcome = await prober.probe(target, within: limit)
        let time = (ContinuousClock.now - startedAt).brief

        switch Expectation(statuses: statuses).judge(outcome) {
        case .up:
            let status = (try? outcome.get().status) ?? 0
            Terminal.show("healthy: \(target) answered \(status) in \(time)\n")
        case .down(let reason):
            Terminal.show("unhealthy: \(target): \(reason.code): \(Printable.escape(reason.description)) (\(time))\n")
            throw ExitCode.unhealthy
        }
    }

    private func target() throws -> ProbeURL {
        if let url {
            return try read("URL", url, shown: Endpoint.withoutCredentials(url)) { text throws(ValueError) in
                try Endpoint.url(text)
            }
        }
        let variable = Setting.listen.variable
        let listen = Terminal.environment[variable].flatMap { $0.isEmpty ? nil : $0 } ?? Setting.listen.defaultValue
        let address = try read(variable, listen) { text throws(ValueError) in try Listen(text) }
        guard let url = address.url(target: "/livez") else {
            throw usage("\(variable): \"\(listen)\" lets the kernel choose a port: give the URL to probe")
        }
        return url
    }

    private func read<Value>(
        _ place: String, _ text: String, shown: String? = nil, _ parse: (String) throws(ValueError) -> Value
    ) throws -> Value {
        do {
            return try parse(text)
        } catch {
            throw usage("\(place): \"\(shown ?? text)\" \(error.problem)")
        }
    }

    private func usage(_ line: String) -> ExitCode {
        Terminal.complain(line)
        return .usage
    }
}

extension Listen {
    /// How this machine reaches a server that listens there; nil where the port is not known.
    fileprivate func url(target: String) -> ProbeURL? {
        switch self {
        case .tcp(_, 0): nil
        case .tcp("0.0.0.0", let port): ProbeURL(scheme: .http, host: "127.0.0.1", port: Int(port), target: target)
        case .tcp("::", let port): ProbeURL(scheme: .http, host: "::1", port: Int(port), target: target)
        case .tcp(let host, let port): ProbeURL(scheme: .http, host: host, port: Int(port), target: target)
        case .unix(let path): ProbeURL(scheme: .http, host: "localhost", target: target, socketPath: path)
        }
    }
}
