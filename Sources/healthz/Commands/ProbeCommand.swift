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

    @Option(help: ArgumentHelp("Authorities to trust instead of the system's, in PEM.", valueName: "file"))
    var caFile: String?

    @Flag(help: "Take any certificate.")
    var insecureSkipVerify = false

    @Option(help: ArgumentHelp("A field to send, such as \"X-Scope-OrgID: ops\". May be repeated.", valueName: "field"))
    var header: [String] = []

    func execute() async throws {
        let (probe, limit) = try arguments()
        let url = probe.url

        let loop = EventLoop()
        let client = CurlClient(on: loop, userAgent: Engine.userAgent)
        try await client.start()
        let prober = TargetProber(on: loop, client: client)
        let startedAt = ContinuousClock.now
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

    /// Reports all mistakes, not only the first.
    private func arguments() throws -> (Probe, Duration) {
        let given = url.map { url in
            read("URL", url, shown: Endpoint.withoutCredentials(url)) { text throws(ValueError) in
                try Endpoint.url(text)
            }
        }
        let statuses = StatusSet(accept)
        if statuses == nil {
            Terminal.printError(
                "--accept: \"\(accept)\" is not a status, a range or a class (200, 200-299, 2xx), or a list of them")
        }
        let limit = read("--timeout", timeout) { text throws(ValueError) in
            try Duration(setting: text, within: .milliseconds(1) ... .seconds(3600))
        }
        let url = try given ?? ownURL()
        let (tls, fields) = (tls(for: url), fields())
        guard let url, let statuses, let limit, let tls, let fields else { throw ExitCode.usage }
        guard url.scheme != .tcp else { return (.connect(url), limit) }
        return (.http(Request(url, fields: fields, tls: tls), Expectation(statuses)), limit)
    }

    /// nil if it is invalid, which is reported.
    private func tls(for url: URL?) -> Request.TLS? {
        var tls = Request.TLS()
        tls.isVerified = !insecureSkipVerify
        if let url, url.scheme != .https, caFile != nil || insecureSkipVerify {
            Terminal.printError("--ca-file and --insecure-skip-verify are for https:// alone")
            return nil
        }
        guard let caFile else { return tls }
        switch Files.system.read(caFile) {
        case .success(let bytes): tls.authorities = bytes
        case .failure(let failure):
            Terminal.printError("--ca-file: \"\(caFile)\" \(failure.problem)")
            return nil
        }
        return tls
    }

    private func fields() -> [Field]? {
        var fields: [Field] = []
        for line in header {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1].drop { $0 == " " } : ""
            let field = Field(name: String(parts.first ?? ""), value: String(value))
            guard parts.count == 2, field.isValid else {
                Terminal.printError("--header: \"\(line)\" is not a name, a colon and a value")
                return nil
            }
            fields.append(field)
        }
        return fields
    }

    private func ownURL() throws -> URL {
        guard let url = try listenAddress().url(target: "/livez") else {
            Terminal.printError("the kernel chooses the port that healthz listens on: give the URL to probe")
            throw ExitCode.usage
        }
        return url
    }

    /// Finds the address of the server. The settings of this command select it; but only the server's own sockets
    /// show the port that the kernel has chosen, and whether `[::]` is IPv4 only because there is no IPv6.
    private func listenAddress() throws -> ListenAddress {
        let configured: (address: ListenAddress, isDefault: Bool)
        do {
            configured = try Configuration.listen(environment: Terminal.environment)
        } catch {
            for mistake in error.mistakes { Terminal.printError(of: mistake) }
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
            Terminal.printError("\(place): \"\(shown ?? text)\" \(error.problem)")
            return nil
        }
    }
}

extension ListenAddress {
    /// Whether a server with the setting `setting` may listen here.
    fileprivate func canBe(_ setting: ListenAddress) -> Bool {
        guard case .tcp(let host, let port) = self, case .tcp(let wanted, let wantedPort) = setting else {
            return self == setting
        }
        guard wantedPort == 0 || wantedPort == port else { return false }
        return host == wanted || host == "0.0.0.0" && (wanted == "::" || wanted.isEmpty)
    }

    /// The URL of a server that listens there, from this machine; nil if the port is unknown.
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
