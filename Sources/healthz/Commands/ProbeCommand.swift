import ArgumentParser
import Configuration
import CurlClient
import EventLoop
import HTTPClient
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
            For a HEALTHCHECK in an image without a shell. Without a URL, it asks the healthz of this container for \
            /livez: at HEALTHZ_LISTEN, else where the file of HEALTHZ_CONFIG says, else where the one "healthz serve" \
            that is running listens. tcp://db:5432 asks for a connection alone. A UNIX domain socket is \
            unix:/run/healthz.sock, or with a path unix:/run/healthz.sock:/livez.
            """)

    @Argument(help: ArgumentHelp("Such as http://127.0.0.1:8080/livez.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Which status codes are healthy: 200, 2xx, 200-299,404.", valueName: "statuses"))
    var accept = "200-299"

    @Option(help: ArgumentHelp("How long it may take: 250ms, 2s, 1m.", valueName: "duration"))
    var timeout = "2s"

    func execute() async throws {
        let (url, statuses, limit) = try arguments()
        ProcessOne.endOnSignals()

        let loop = EventLoop()
        let client = CurlClient(on: loop, userAgent: Engine.userAgent)
        try await client.start()
        let prober = TargetProber(on: loop, client: client)
        let startedAt = ContinuousClock.now
        let probe: Probe = url.scheme == .tcp ? .connect(url) : .http(Request(url), Expectation(statuses))
        let target = Target(id: "probe", probe: probe, timeout: limit)
        let outcome = await prober.outcome(of: target, within: ProbeLimit(timeout: limit))
        let time = (ContinuousClock.now - startedAt).brief

        switch outcome.verdict {
        case .up:
            let answer = outcome.status.map { "answered \($0)" } ?? "took the connection"
            try Terminal.show("healthy: \(url) \(answer) in \(time)\n")
        case .degraded(let reason):
            try Terminal.show("degraded: \(url): \(reason.code): \(Printable.escape(reason.description)) (\(time))\n")
        case .down(let reason):
            try Terminal.show("unhealthy: \(url): \(reason.code): \(Printable.escape(reason.description)) (\(time))\n")
            throw ExitCode.unhealthy
        }
    }

    /// Complains of every mistake, not only of the first.
    private func arguments() throws -> (URL, StatusSet, Duration) {
        let given = url.map { url in
            read("URL", url, shown: Endpoint.withoutCredentials(url)) { text throws(ValueError) in
                try Endpoint.url(text)
            }
        }
        let statuses = StatusSet(accept)
        if statuses == nil {
            Terminal.complain(
                "--accept: \"\(accept)\" is not a status, a range or a class (200, 200-299, 2xx), or a list of them")
        }
        let limit = read("--timeout", timeout) { text throws(ValueError) in
            try Duration(setting: text, within: .milliseconds(1) ... .seconds(3600))
        }
        let url = try given ?? ownURL()
        guard let url, let statuses, let limit else { throw ExitCode.usage }
        return (url, statuses, limit)
    }

    private func ownURL() throws -> URL {
        guard let url = try listenAddress().url(target: "/livez") else {
            Terminal.complain("the kernel chooses the port that healthz listens on: give the URL to probe")
            throw ExitCode.usage
        }
        return url
    }

    /// Where the server listens. What was said of it to this command counts; but only the server's own sockets tell which port
    /// the kernel has chosen, and that `[::]` is IPv4 alone where there is no IPv6.
    private func listenAddress() throws -> ListenAddress {
        let configured: (address: ListenAddress, isDefault: Bool)
        do {
            configured = try Configuration.listen(environment: Terminal.environment)
        } catch {
            for mistake in error.mistakes { Terminal.complain(of: mistake) }
            throw ExitCode.usage
        }
        let found = ServingProcess.only()?.addresses ?? []
        let meant = configured.isDefault ? found : found.filter { $0.canBe(configured.address) }
        return meant.first ?? configured.address
    }

    private func read<Value>(
        _ place: String, _ text: String, shown: String? = nil, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        do {
            return try parse(text)
        } catch {
            Terminal.complain("\(place): \"\(shown ?? text)\" \(error.problem)")
            return nil
        }
    }
}

extension ListenAddress {
    /// Whether a server that was told `setting` may listen here.
    fileprivate func canBe(_ setting: ListenAddress) -> Bool {
        guard case .tcp(let host, let port) = self, case .tcp(let wanted, let wantedPort) = setting else {
            return self == setting
        }
        guard wantedPort == 0 || wantedPort == port else { return false }
        return host == wanted || host == "0.0.0.0" && (wanted == "::" || wanted.isEmpty)
    }

    /// How this machine reaches a server that listens there; nil where the port is not known.
    fileprivate func url(target: String) -> URL? {
        switch self {
        case .tcp(_, 0): nil
        case .tcp("0.0.0.0", let port): URL(scheme: .http, host: "127.0.0.1", port: Int(port), target: target)
        case .tcp("::", let port): URL(scheme: .http, host: "::1", port: Int(port), target: target)
        case .tcp(let host, let port): URL(scheme: .http, host: host, port: Int(port), target: target)
        case .unix(let path): URL(scheme: .http, host: "localhost", target: target, socketPath: path)
        }
    }
}
