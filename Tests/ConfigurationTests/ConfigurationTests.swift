import Configuration
import HTTPClient
import Health
import Sockets
import Testing

extension Configuration {
    fileprivate var targets: [Target] { services.flatMap(\.targets) }
}

@Suite("Configuration")
struct ConfigurationTests {
    @Test("Without any setting, the defaults hold")
    func defaults() throws {
        let configuration = try Configuration()
        #expect(configuration.listen == .tcp(host: "0.0.0.0", port: 8080))
        #expect(
            configuration.targets.map { "\($0.id) \($0.url) \($0.probe.expected) \($0.timeout.setting)" } == [
                "grafana http://grafana:3000/api/health 200 1500ms",
                "loki http://loki:3100/ 200,404 1500ms",
                "tempo http://tempo:3200/ 200,404 1500ms",
            ])
        #expect(configuration.deadline == .milliseconds(1800))
        #expect(configuration.cache == .zero)
        #expect(configuration.drain == .seconds(5))
        #expect(configuration.logLevel == .info)
        #expect(configuration.logFormat == .text)
        #expect(!configuration.accessLog)
        #expect(configuration.warnings.isEmpty)
        #expect(configuration.settings.allSatisfy { $0.origin == .byDefault })
    }

    @Test("A flag overrides the environment, which overrides the default")
    func precedence() throws {
        let configuration = try Configuration(
            flags: [.timeout: "100ms"],
            environment: ["HEALTHZ_TIMEOUT": "200ms", "HEALTHZ_DEADLINE": "300ms", "HEALTHZ_CACHE": ""])
        #expect(configuration.targets.allSatisfy { $0.timeout == .milliseconds(100) })
        #expect(configuration.deadline == .milliseconds(300))
        #expect(configuration.cache == .zero)
        let origins = Dictionary(uniqueKeysWithValues: configuration.settings.map { ($0.setting, $0.origin) })
        #expect(origins[.timeout] == .flag)
        #expect(origins[.deadline] == .environment)
        #expect(origins[.cache] == .byDefault)
    }

    @Test("The preset readiness probes /ready of Loki and Tempo")
    func readiness() throws {
        let configuration = try Configuration(environment: ["HEALTHZ_PRESET": "readiness"])
        #expect(
            configuration.targets.map { "\($0.url) \($0.probe.expected)" } == [
                "http://grafana:3000/api/health 200", #"http://loki:3100/ready 200, body matches ^ready\s*$"#,
                #"http://tempo:3200/ready 200, body matches ^ready\s*$"#,
            ])
    }

    @Test(
        "An endpoint is a base URL, joined without doubling slashes",
        arguments: [
            ("http://loki:3100", "http://loki:3100/"), ("http://loki:3100/", "http://loki:3100/"),
            ("http://gw/loki", "http://gw/loki/"), ("http://gw/loki/", "http://gw/loki/"),
            ("HTTP://Loki", "http://Loki/"), ("https://loki.internal", "https://loki.internal/"),
            ("https://loki:8443", "https://loki:8443/"), ("http://10.0.0.7:3100", "http://10.0.0.7:3100/"),
            ("http://[::1]:3100", "http://[::1]:3100/"), ("http://my_loki:3100", "http://my_loki:3100/"),
            ("http://gw/a%20b", "http://gw/a%20b/"), ("http://loki:80", "http://loki/"),
        ])
    func endpoints(text: String, url: String) throws {
        let configuration = try Configuration(environment: ["LOKI_ENDPOINT": text])
        let loki = try #require(configuration.targets.first { $0.id == "loki" })
        #expect("\(loki.url)" == url)
    }

    @Test("An empty endpoint switches the service off")
    func off() throws {
        let configuration = try Configuration(flags: [.tempoEndpoint: ""], environment: ["LOKI_ENDPOINT": ""])
        #expect(configuration.targets.map(\.id) == ["grafana"])
    }

    @Test("User and password are used, decoded, and never shown")
    func credentials() throws {
        let configuration = try Configuration(
            environment: ["GRAFANA_ENDPOINT": "http://probe:p%40ss%3Aword@grafana:3000"])
        let grafana = try #require(configuration.targets.first)
        #expect(grafana.url.credentials == URL.Credentials(user: "probe", password: "p@ss:word"))
        #expect("\(grafana.url)" == "http://grafana:3000/api/health")
        let shown = try #require(configuration.settings.first { $0.setting == .grafanaEndpoint }).shown
        #expect(shown == "http://***@grafana:3000")
    }

    @Test(
        "Where to listen",
        arguments: [
            ("0.0.0.0:8080", .tcp(host: "0.0.0.0", port: 8080)), ("127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0)),
            ("[::]:8080", .tcp(host: "::", port: 8080)), ("localhost:1", .tcp(host: "localhost", port: 1)),
            ("unix:/run/healthz.sock", .unix(path: "/run/healthz.sock")),
        ] as [(String, ListenAddress)])
    func listen(text: String, expected: ListenAddress) throws {
        #expect(try Configuration(flags: [.listen: text]).listen == expected)
    }

    @Test(
        "Durations have a unit",
        arguments: [
            ("250ms", .milliseconds(250)), ("2s", .seconds(2)), ("1m", .seconds(60)), ("1h", .seconds(3600)),
            ("1.5s", .milliseconds(1500)), ("0.25s", .milliseconds(250)), ("0", .zero), ("0s", .zero),
        ] as [(String, Duration)])
    func durations(text: String, expected: Duration) throws {
        #expect(try Configuration(flags: [.cache: text]).cache == expected)
    }

    @Test(
        "A mistake is named with its place, its value and what is allowed",
        arguments: [
            ("HEALTHZ_TIMEOUT", "abc", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "5", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "-1s", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "1e3s", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", ".5s", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "1 s", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "1d", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "٢s", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_TIMEOUT", "0", "is not between 1ms and 1h"),
            ("HEALTHZ_TIMEOUT", "2h", "is not between 1ms and 1h"),
            ("HEALTHZ_DEADLINE", "0s", "is not between 1ms and 1h"),
            ("HEALTHZ_CACHE", "61m", "is not between 0 and 1h"),
            ("HEALTHZ_DRAIN", "soon", "is not a duration (250ms, 2s, 1m)"),
            ("HEALTHZ_PRESET", "ready", "is not one of liveness, readiness, deep"),
            ("HEALTHZ_LOG_LEVEL", "loud", "is not one of debug, info, warning, error"),
            ("HEALTHZ_LOG_FORMAT", "xml", "is not one of text, json"),
            ("HEALTHZ_ACCESS_LOG", "yes", "is not one of on, off"),
            ("HEALTHZ_LISTEN", "8080", "is not an address and a port (0.0.0.0:8080, [::]:8080) or unix:/path"),
            ("HEALTHZ_LISTEN", "a:b", "is not an address and a port (0.0.0.0:8080, [::]:8080) or unix:/path"),
            ("HEALTHZ_LISTEN", "a:65536", "is not an address and a port (0.0.0.0:8080, [::]:8080) or unix:/path"),
            ("HEALTHZ_LISTEN", "a:+1", "is not an address and a port (0.0.0.0:8080, [::]:8080) or unix:/path"),
            ("HEALTHZ_LISTEN", ":8080", "names no address before the port (0.0.0.0:8080, [::]:8080)"),
            ("HEALTHZ_LISTEN", "::1:8080", "needs brackets round its IPv6 address ([::]:8080)"),
            ("HEALTHZ_LISTEN", "[a]:8080", "has brackets round what is not an IPv6 address"),
            ("HEALTHZ_LISTEN", "unix:run/x", "is not unix: and an absolute path of at most 107 bytes"),
            ("LOKI_ENDPOINT", "loki:3100", "does not begin with http:// or https://: write http://loki:3100"),
            ("LOKI_ENDPOINT", "127.0.0.1:3100", "does not begin with http:// or https://: write http://127.0.0.1:3100"),
            ("LOKI_ENDPOINT", "[::1]:3100/x", "does not begin with http:// or https://: write http://[::1]:3100/x"),
            ("LOKI_ENDPOINT", "loki", "does not begin with http:// or https://: write http://loki"),
            ("LOKI_ENDPOINT", "unix:/run/x.sock", "does not begin with http:// or https://"),
            ("LOKI_ENDPOINT", "ftp://loki", "does not begin with http:// or https://"),
            ("LOKI_ENDPOINT", "http://", "names no host"),
            ("LOKI_ENDPOINT", "http:///x", "names no host"),
            ("LOKI_ENDPOINT", "http://:3100", "names no host"),
            ("LOKI_ENDPOINT", "http://lo ki:3100", "is not a valid URL"),
            ("LOKI_ENDPOINT", " http://loki:3100", "is not a valid URL"),
            ("LOKI_ENDPOINT", "http://loki:99999", "has a port that is not 1 to 65535"),
            ("LOKI_ENDPOINT", "http://loki:0", "has a port that is not 1 to 65535"),
            ("LOKI_ENDPOINT", "http://loki:3100?x=y", "is a base URL and takes no query"),
            ("LOKI_ENDPOINT", "http://loki:3100/#x", "has a fragment, which is not sent to a server"),
            ("LOKI_ENDPOINT", "http://lo%20ki", "has a host that is neither a name nor an address"),
        ])
    func mistakes(variable: String, value: String, problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try Configuration(environment: [variable: value]) }
        #expect(error?.mistakes.map(\.description) == ["\(variable): \"\(value)\" \(problem)"])
    }

    @Test("All mistakes are reported, each under the name it was set by")
    func allMistakes() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(
                flags: [.timeout: "x"], environment: ["HEALTHZ_DEADLINE": "y", "TEMPO_ENDPOINT": "z"])
        }
        #expect(error?.mistakes.map(\.place).sorted() == ["--timeout", "HEALTHZ_DEADLINE", "TEMPO_ENDPOINT"])
        #expect(error?.mistakes.first { $0.place == "--timeout" }?.origin == .flag)
    }

    @Test("Each wrong network of a list is a mistake of its own, beside those of other settings")
    func allNetworks() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(environment: [
                "HEALTHZ_DETAIL": "10.0.0.0/8, internal,10.0.0.1/8", "HEALTHZ_PROXY_PROTOCOL": "on,::1/129",
                "HEALTHZ_TIMEOUT": "x",
            ])
        }
        #expect(
            error?.mistakes.map(\.description) == [
                "HEALTHZ_DETAIL: \"internal\" is not a network such as 10.0.0.0/8 or fd00::/8",
                "HEALTHZ_DETAIL: \"10.0.0.1/8\" has bits set beyond its prefix length",
                "HEALTHZ_PROXY_PROTOCOL: \"on\" is not a network such as 10.0.0.0/8 or fd00::/8",
                "HEALTHZ_PROXY_PROTOCOL: \"::1/129\" has a prefix length that is not 0 to 128",
                "HEALTHZ_TIMEOUT: \"x\" is not a duration (250ms, 2s, 1m)",
            ])
    }

    @Test("A misspelt variable is reported with the mistakes that it explains")
    func explanation() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(environment: ["HEALTHZ_FALL": "3", "HEALTHZ_INTERVALL": "5s"])
        }
        #expect(error?.mistakes.map(\.place) == ["HEALTHZ_FALL"])
        #expect(
            error?.warnings == [
                "HEALTHZ_INTERVALL is not a setting of healthz and is ignored; did you mean HEALTHZ_INTERVAL?"
            ])
    }

    @Test("The password in an invalid URL is not shown either")
    func secretMistakes() {
        for text in ["http://u:geheim@lo ki", "u:geheim@loki", "http://u:ge@heim@loki:3100:x", "http://u:ge/heim@l?q"] {
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration(environment: ["LOKI_ENDPOINT": text])
            }
            #expect(error.map { "\($0.mistakes)".contains("heim") } == false, "\(text)")
        }
    }

    @Test("At least one service must remain")
    func nothingLeft() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(environment: ["GRAFANA_ENDPOINT": "", "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        }
        #expect(error?.mistakes.count == 1)
        #expect(error?.mistakes.first?.problem == "leaves no service to check, as the other endpoints are empty too")
    }

    @Test(
        "A variable that looks like ours and is not is a warning with the nearest name",
        arguments: [
            ("HEALTHZ_TIMOUT", "2s", "did you mean HEALTHZ_TIMEOUT?"),
            ("HEALTHZ_LISTN", "x", "did you mean HEALTHZ_LISTEN?"),
            ("HEALTHZ_LOGLEVEL", "x", "did you mean HEALTHZ_LOG_LEVEL?"),
            ("HEALTHZ_COLOUR_OF_THE_SKY", "x", "healthz config lists them all"),
            ("HEALTHZ_PORT", "tcp://10.0.0.1:8080", "a container platform seems to have set it"),
            ("HEALTHZ_SERVICE_HOST", "10.0.0.1", "a container platform seems to have set it"),
            ("HEALTHZ_PORT_8080_TCP_ADDR", "10.0.0.1", "a container platform seems to have set it"),
        ])
    func unknown(variable: String, value: String, hint: String) throws {
        let configuration = try Configuration(environment: [variable: value])
        let warning = try #require(configuration.warnings.first)
        #expect(configuration.warnings.count == 1)
        #expect(warning.hasPrefix("\(variable) is not a setting of healthz and is ignored"))
        #expect(warning.contains(hint))
    }

    @Test("A timeout beyond the deadline is a warning")
    func cutShort() throws {
        let configuration = try Configuration(flags: [.timeout: "3s"])
        #expect(
            configuration.warnings == ["the timeout of 3s is longer than the deadline of 1800ms, which cuts it short"])
    }

    @Test(
        "URLs to probe",
        arguments: [
            ("http://a/b?c=d", "http://a/b?c=d"), ("https://a", "https://a/"), ("http://[::1]:1/", "http://[::1]:1/"),
            ("tcp://db:5432", "tcp://db:5432"), ("unix:/run/x.sock", "unix:/run/x.sock:/"),
            ("unix:/run/x.sock:/livez?x", "unix:/run/x.sock:/livez?x"),
        ])
    func urls(text: String, shown: String) throws {
        #expect("\(try Endpoint.url(text))" == shown)
    }

    @Test(
        "URLs that cannot be probed",
        arguments: [
            "", "a", "unix:", "unix:x", "unix:/x:y", "unix:/x:/ ", "http://a b", "tcp://db", "tcp://db:1/x",
            "tcp://u@db:1", "tcp://db:1?x",
        ])
    func refusedURLs(text: String) {
        #expect(throws: ValueError.self) { try Endpoint.url(text) }
    }
}
