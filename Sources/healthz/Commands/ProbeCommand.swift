import ArgumentParser
import Configuration
import EventLoop
import Health
import Probing
import Reporting
import Sockets
import Time

struct ProbeCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Probe one URL and print one line: exit 0 if it answers as expected, 1 if not.",
        discussion: """
            For a HEALTHCHECK in an image without a shell. Without a URL it asks the healthz of this container, at \
            HEALTHZ_LISTEN or where HEALTHZ_CONFIG says, for /livez. tcp://db:5432 asks for a connection alone. A UNIX domain socket is unix:/run/healthz.sock, or with a path \
            unix:/run/healthz.sock:/livez.
            """)

    @Argument(help: ArgumentHelp("Such as http://127.0.0.1:8080/livez.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Which status codes are healthy: 200, 2xx, 200-299,404.", valueName: "statuses"))
    var accept = "200-299"

    @Option(help: ArgumentHelp("How long it may take: 250ms, 2s, 1m.", valueName: "duration"))
    var timeout = "2s"

    func execute() async throws {
        guard let statuses = StatusSet(accept) else {
            throw usage(
                "--accept: \"\(accept)\" is not a status, a range or a class (200, 200-299, 2xx), or a list of them")
        }
        let limit = try read("--timeout", timeout) { text throws(ValueError) in
            try Duration(setting: text, within: .milliseconds(1) ... .seconds(3600))
        }
        let url = try target()

        let loop = EventLoop()
        let prober = CurlProber(on: loop, userAgent: Engine.userAgent)
        try await prober.start()
        let startedAt = ContinuousClock.now
        let expectation: Expectation = url.scheme == .tcp ? .connection : .response(statuses)
        let target = Target(id: "probe", request: ProbeRequest(url), expectation: expectation, timeout: limit)
        let outcome = await prober.outcome(of: target, within: limit)
        let time = (ContinuousClock.now - startedAt).brief

        switch expectation.judge(outcome) {
        case .up:
            let answer = (try? outcome.get().status).flatMap(\.self).map { "answered \($0)" } ?? "took the connection"
            try Terminal.show("healthy: \(url) \(answer) in \(time)\n")
        case .down(let reason):
            try Terminal.show("unhealthy: \(url): \(reason.code): \(Printable.escape(reason.description)) (\(time))\n")
            throw ExitCode.unhealthy
        }
    }

    private func target() throws -> ProbeURL {
        if let url {
            return try read("URL", url, shown: Endpoint.withoutCredentials(url)) { text throws(ValueError) in
                try Endpoint.url(text)
            }
        }
        let listen: ListenAddress
        do {
            listen = try Configuration.listen(environment: Terminal.environment)
        } catch {
            for mistake in error.mistakes { Terminal.complain(of: mistake) }
            throw ExitCode.usage
        }
        guard let url = listen.url(target: "/livez") else {
            throw usage("the kernel chooses the port that healthz listens on: give the URL to probe")
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

extension ListenAddress {
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
