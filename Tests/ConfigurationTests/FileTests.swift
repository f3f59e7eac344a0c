import Configuration
import HTTPClient
import Health
import Sockets
import Testing

/// What a file means, beside what is wrong with it: that is in testdata.
@Suite("The configuration file")
struct FileTests {
    private func read(
        _ yaml: String, flags: [Setting: String] = [:], environment: [String: String] = [:],
        others: [String: String] = [:]
    ) throws -> Configuration {
        let files = Files { name in
            if name == "/etc/healthz.yaml" { return .success(Array(yaml.utf8)) }
            return others[name].map { .success(Array($0.utf8)) } ?? .failure(.init(problem: "is not there"))
        }
        return try Configuration(
            flags: flags.merging([.config: "/etc/healthz.yaml"]) { $1 }, environment: environment, files: files)
    }

    @Test("A flag overrides the environment, which overrides the file")
    func precedence() throws {
        let configuration = try read(
            "timeout: 300ms\ndeadline: 300ms\ncache: 300ms\ndrain: 300ms\n", flags: [.timeout: "100ms"],
            environment: ["HEALTHZ_TIMEOUT": "200ms", "HEALTHZ_DEADLINE": "200ms", "HEALTHZ_DRAIN": ""])
        #expect(configuration.services.flatMap(\.targets).allSatisfy { $0.timeout == .milliseconds(100) })
        #expect(configuration.deadline == .milliseconds(200))
        #expect(configuration.cache == .milliseconds(300))
        #expect(configuration.drain == .milliseconds(300))
        let origins = Dictionary(uniqueKeysWithValues: configuration.settings.map { ($0.setting, $0.origin) })
        #expect(origins[.timeout] == .flag && origins[.deadline] == .environment)
        #expect(origins[.drain] == .file(place: "/etc/healthz.yaml:4:8"))
    }

    @Test("Without services, Grafana, Loki and Tempo are checked; with a preset, a service has its variable's endpoint")
    func endpoints() throws {
        let environment = ["LOKI_ENDPOINT": "http://elsewhere:1/base/", "HEALTHZ_PRESET": "readiness"]
        #expect(
            try read("drain: 0", environment: environment).services.flatMap(\.targets).map { "\($0.probe)" } == [
                "GET http://grafana:3000/api/health", "GET http://elsewhere:1/base/ready",
                "GET http://tempo:3200/ready",
            ])
        let own = try read("services: {l: {preset: loki}}", environment: ["LOKI_ENDPOINT": "http://elsewhere:1"])
        #expect(own.services.flatMap(\.targets).map { "\($0.id) \($0.probe)" } == ["l GET http://elsewhere:1/"])
        #expect(own.warnings.isEmpty)
    }

    @Test("All keys of a service")
    func service() throws {
        let configuration = try read(
            """
            interval: 5s
            rise: 2
            fall: 3
            services:
              loki:
                preset: loki-ready
                instances: [http://a:3100, http://b:3100/x]
                require: any
                fall: 4
                timeout: 1s
                critical: false
                headers: {X-Scope-OrgID: ops}
                bearer_token_file: token
                tls: {ca_file: /ca.pem, server_name: db, insecure_skip_verify: true}
                body: {contains: ready, matches: [^r, y$], json: {/a: 1, /b: "1", /c: null, /d: true, "": x}}
            """.replacing("http://a", with: "https://a"),
            others: ["/etc/token": "abc\r\n", "/ca.pem": "-----BEGIN CERTIFICATE-----"])
        let service = try #require(configuration.services.first)
        #expect(service.name == "loki" && service.isGroup && service.required == 1 && !service.isCritical)
        #expect(service.instances.map(\.name) == ["https://a:3100", "http://b:3100/x"])
        let (first, second) = (service.targets[0], service.targets[1])
        #expect(first.id != second.id)
        #expect(first.threshold == Threshold(rise: 2, fall: 4))
        #expect(first.timeout == .seconds(1))
        #expect("\(first.probe)" == "GET https://a:3100/ready" && "\(second.url)" == "http://b:3100/x/ready")
        guard case .http(let request, let expectation) = first.probe, let body = expectation.body else {
            Issue.record("no body is expected")
            return
        }
        #expect(
            request.fields.map { "\($0.name): \($0.value)" } == [
                "X-Scope-OrgID: ops", "Authorization: Bearer abc",
            ])
        #expect(request.tls.serverName == "db" && !request.tls.isVerified)
        #expect(request.tls.authorities == Array("-----BEGIN CERTIFICATE-----".utf8))
        #expect("\(expectation.statuses)" == "200")
        #expect(body.contained == ["ready"] && body.patterns == ["^r", "y$"])
        let values: [JSONScalar] = [.number(1), .string("1"), .null, .bool(true), .string("x")]
        #expect(body.members.map(\.comparisons) == values.map { [.equals($0)] })
        #expect(configuration.background?.staleAfter == .seconds(15))
    }

    @Test("Instances are named by their URLs as they are written, without user and password")
    func instanceNames() throws {
        let service = try read("services: {a: {instances: ['http://u:p@b:3100/x?y=@z', 'HTTP://b'], require: 1}}")
            .services[0]
        #expect(service.instances.map(\.name) == ["http://***@b:3100/x?y=@z", "HTTP://b"])
        #expect(service.targets.first?.url.credentials == URL.Credentials(user: "u", password: "p"))
    }

    @Test("Variables are values, not YAML text, so they need no quoting")
    func variables() throws {
        let configuration = try read(
            """
            services:
              a: {url: "http://${HOST:-localhost}:${PORT}/", headers: {A: "${ODD}", B: "$${HOST}", C: "${NONE:-}"}}
            """, environment: ["PORT": "3100", "ODD": "x: {y\", #z", "HOST": ""])
        let request = try #require(configuration.services.first?.targets.first?.request)
        #expect("\(request)" == "GET http://localhost:3100/")
        #expect(request.fields.map(\.value) == ["x: {y\", #z", "${HOST}", ""])
    }

    @Test("Connections are kept only if a flag, a variable or the file says so")
    func reuse() throws {
        func reuses(_ yaml: String, _ environment: [String: String] = [:]) throws -> [Bool] {
            try read(yaml, environment: environment).services.flatMap(\.targets).compactMap(\.request?.reusesConnection)
        }
        #expect(try reuses("drain: 0") == [false, false, false])
        #expect(try reuses("drain: 0", ["HEALTHZ_REUSE_CONNECTIONS": "on"]) == [true, true, true])
        #expect(try reuses("reuse_connections: true\nservices: {a: {url: http://a/}}") == [true])
    }

    @Test("A file of over a mebibyte is refused")
    func tooLarge() {
        let error = #expect(throws: ConfigurationError.self) {
            try read("drain: 0\n#" + String(repeating: "x", count: 1 << 20))
        }
        #expect(error?.mistakes.map(\.description) == ["/etc/healthz.yaml:1:1: the file is larger than 1024 KiB"])
    }

    static let advice: [(yaml: String, environment: [String: String], warnings: [String])] = [
        (
            "interval: 5s\ncache: 1s", [:],
            ["cache has no effect: with an interval, answers come from memory anyway"]
        ),
        ("stale_after: 15s", [:], ["stale_after has no effect without an interval"]),
        (
            "detail_token_file: /token", [:],
            ["detail_token_file has no effect: with detail: full, all clients see details"]
        ),
        (
            "services: {a: {url: http://a/, critical: false}}", [:],
            ["no service is critical: /healthz is never unhealthy"]
        ),
        (
            "services: {a: {url: http://a/}}", ["LOKI_ENDPOINT": "http://l", "HEALTHZ_PRESET": "readiness"],
            [
                "HEALTHZ_PRESET has no effect: the services are those of /etc/healthz.yaml",
                "LOKI_ENDPOINT has no effect: the services are those of /etc/healthz.yaml",
            ]
        ),
        ("services: {a: {url: \"${LOKI_ENDPOINT}/x\"}}", ["LOKI_ENDPOINT": "http://l"], []),
        ("services: {a: {url: \"${HEALTHZ_TARGET:-http://a}\"}}", ["HEALTHZ_TARGET": "http://l"], []),
        (
            "services: {a: {url: http://a/, timeout: 3s}}", [:],
            ["the timeout of 3s is longer than the deadline of 1800ms, which cuts it short"]
        ),
        (
            "services:\n  loki: {preset: loki-ready, url: http://loki:3100}", [:],
            [
                "/etc/healthz.yaml:2:35: services.loki.url: with a url, / is probed instead of /ready; did you mean endpoint?"
            ]
        ),
        ("services: {loki: {preset: loki, url: http://loki:3100}}", [:], []),
        ("services: {loki: {preset: loki-ready, url: http://gw/loki/ready}}", [:], []),
        ("services: {loki: {preset: loki-ready, endpoint: http://loki:3100}}", [:], []),
        ("services: {db: {preset: tcp, url: tcp://db:5432}}", [:], []),
    ]

    @Test("A probable mistake is a warning", arguments: advice)
    func warnings(yaml: String, environment: [String: String], warnings: [String]) throws {
        let configuration = try read(yaml, environment: environment, others: ["/token": "0123456789abcdef"])
        #expect(configuration.warnings == warnings)
    }

    @Test(
        "Networks",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("10.1.128.0/17", "10.1.127.1", false),
            ("10.1.128.0/17", "10.1.200.1", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false),
            ("::1", "::1", true), ("::/0", "10.0.0.1", false), ("0.0.0.0/0", "::1", false),
            ("fe80::/10", "fe80::1%eth0", true), ("10.0.0.0/8", "x", false),
        ])
    func networks(network: String, address: String, isInside: Bool) throws {
        #expect(try Network(network).contains(address) == isInside)
    }

    @Test(
        "What is no network",
        arguments: [
            ("10.0.0.0/33", "prefix length"), ("10.0.0.0/", "prefix length"), ("10.0.0.0/+8", "prefix length"),
            ("10.0.0.1/8", "beyond its prefix"), ("::/129", "prefix length"), ("10.0.0/8", "is not a network"),
            ("full ", "is not a network"), ("", "is not a network"), ("10.0.0.0/8/9", "prefix length"),
        ])
    func noNetworks(text: String, words: String) {
        let error = #expect(throws: ValueError.self) { try Network(text) }
        #expect(error?.problem.contains(words) == true)
    }
}

extension Target {
    fileprivate var request: Request? {
        if case .http(let request, _) = probe { request } else { nil }
    }
}
