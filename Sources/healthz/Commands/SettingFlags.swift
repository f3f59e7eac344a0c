import ArgumentParser
import Configuration
import Glibc

/// The flags that every command has which reads the configuration.
struct SettingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("A configuration file in YAML: docs/configuration.md describes it.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(help: ArgumentHelp("Where to listen: 0.0.0.0:8080, [::]:8080 or unix:/path.", valueName: "address"))
    var listen: String?

    @Option(help: ArgumentHelp("Grafana's base URL; an empty one leaves Grafana out.", valueName: "url"))
    var grafanaEndpoint: String?

    @Option(help: ArgumentHelp("Loki's base URL; an empty one leaves Loki out.", valueName: "url"))
    var lokiEndpoint: String?

    @Option(help: ArgumentHelp("Tempo's base URL; an empty one leaves Tempo out.", valueName: "url"))
    var tempoEndpoint: String?

    @Option(
        help: ArgumentHelp(
            "How Loki and Tempo are judged: liveness (/ is 200 or 404) or readiness (/ready is 200).",
            valueName: "preset"), completion: .list(["liveness", "readiness"]))
    var preset: String?

    @Option(help: ArgumentHelp("How long one probe may take: 250ms, 2s, 1m.", valueName: "duration"))
    var timeout: String?

    @Option(help: ArgumentHelp("How long a whole check may take.", valueName: "duration"))
    var deadline: String?

    @Option(help: ArgumentHelp("How old an answer may be; 0 checks at every request.", valueName: "duration"))
    var cache: String?

    @Option(help: ArgumentHelp("Check by itself at this interval, and answer from memory.", valueName: "duration"))
    var interval: String?

    @Option(help: ArgumentHelp("How old a report may be, with an interval.", valueName: "duration"))
    var staleAfter: String?

    @Option(help: ArgumentHelp("How many good results in a row make healthy, with an interval.", valueName: "number"))
    var rise: String?

    @Option(help: ArgumentHelp("How many bad results in a row make unhealthy, with an interval.", valueName: "number"))
    var fall: String?

    @Option(
        help: ArgumentHelp("Keep connections for the next probe: on or off.", valueName: "switch"),
        completion: .list(["on", "off"]))
    var reuseConnections: String?

    @Option(
        help: ArgumentHelp("The status code for unhealthy: 500 or 503.", valueName: "status"),
        completion: .list(["500", "503"]))
    var unhealthyStatus: String?

    @Option(
        help: ArgumentHelp(
            "Who is shown more than verdicts: full, summary (nobody), or networks such as 10.0.0.0/8,::1.",
            valueName: "audience"), completion: .list(["full", "summary"]))
    var detail: String?

    @Option(
        help: ArgumentHelp("A file with a token whose bearer is shown all.", valueName: "file"), completion: .file())
    var detailTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Who may begin a connection with a PROXY protocol header: off (nobody), on, or networks.",
            valueName: "senders"), completion: .list(["off", "on"]))
    var proxyProtocol: String?

    @Option(help: ArgumentHelp("How many connections there may be.", valueName: "number"))
    var maxConnections: String?

    @Option(help: ArgumentHelp("How many of them one address may have.", valueName: "number"))
    var maxConnectionsPerClient: String?

    @Option(help: ArgumentHelp("How many requests are answered on a connection.", valueName: "number"))
    var maxRequestsPerConnection: String?

    @Option(
        help: ArgumentHelp(
            "How many requests of one connection are answered before others get their turn.", valueName: "number"))
    var maxPipelinedRequests: String?

    @Option(help: ArgumentHelp("How large a request's head may be, in bytes.", valueName: "number"))
    var maxHeadBytes: String?

    @Option(help: ArgumentHelp("How many fields a request may have.", valueName: "number"))
    var maxFields: String?

    @Option(help: ArgumentHelp("How long a request's head may take to come.", valueName: "duration"))
    var headTimeout: String?

    @Option(help: ArgumentHelp("How long a connection may wait for its next request.", valueName: "duration"))
    var idleTimeout: String?

    @Option(help: ArgumentHelp("How long a client may take nothing of its answer.", valueName: "duration"))
    var writeTimeout: String?

    @Option(help: ArgumentHelp("How long to answer as unhealthy after SIGTERM before ending.", valueName: "duration"))
    var drain: String?

    @Option(
        help: ArgumentHelp("debug, info, warning or error.", valueName: "level"),
        completion: .list(LogLevel.allCases.map(\.rawValue)))
    var logLevel: String?

    @Option(
        help: ArgumentHelp("text or json.", valueName: "format"),
        completion: .list(LogFormat.allCases.map(\.rawValue)))
    var logFormat: String?

    @Option(
        help: ArgumentHelp("Log every request: on or off.", valueName: "switch"), completion: .list(["on", "off"]))
    var accessLog: String?

    /// Those that were given.
    var values: [Setting: String] {
        let all: [(Setting, String?)] = [
            (.config, config), (.listen, listen), (.grafanaEndpoint, grafanaEndpoint), (.lokiEndpoint, lokiEndpoint),
            (.tempoEndpoint, tempoEndpoint), (.preset, preset), (.timeout, timeout), (.deadline, deadline),
            (.cache, cache), (.interval, interval), (.staleAfter, staleAfter), (.rise, rise), (.fall, fall),
            (.reuseConnections, reuseConnections), (.unhealthyStatus, unhealthyStatus), (.detail, detail),
            (.detailTokenFile, detailTokenFile), (.proxyProtocol, proxyProtocol),
            (.maxConnections, maxConnections), (.maxConnectionsPerClient, maxConnectionsPerClient),
            (.maxRequestsPerConnection, maxRequestsPerConnection), (.maxPipelinedRequests, maxPipelinedRequests),
            (.maxHeadBytes, maxHeadBytes),
            (.maxFields, maxFields), (.headTimeout, headTimeout), (.idleTimeout, idleTimeout),
            (.writeTimeout, writeTimeout),
            (.drain, drain), (.logLevel, logLevel), (.logFormat, logFormat), (.accessLog, accessLog),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { setting, text in text.map { (setting, $0) } })
    }

    func configuration(overriding: [Setting: String] = [:]) throws -> Configuration {
        try Configuration.orComplaints(flags: values.merging(overriding) { _, new in new })
    }
}

extension Configuration {
    static func load(flags: [Setting: String]) throws(ConfigurationError) -> Configuration {
        try Configuration(flags: flags, environment: Terminal.environment)
    }

    /// The configuration, or the end of the program: with every mistake on a line of its own.
    static func orComplaints(flags: [Setting: String]) throws -> Configuration {
        do {
            return try load(flags: flags)
        } catch {
            for mistake in error.mistakes { Terminal.complain(of: mistake) }
            throw error.mistakes.allSatisfy { $0.origin == .flag } ? ExitCode.usage : ExitCode.configuration
        }
    }
}
