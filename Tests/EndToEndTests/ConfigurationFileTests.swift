import Foundation
import TestSupport
import Testing

/// The sidecar's own words on the services of a configuration file, probed once.
private struct Checked {
    let code: Int32
    let services: [String: [String: Any]]

    init(_ yaml: String, environment: [String: String] = [:]) throws {
        let folder = try Folder()
        let file = try folder.write("timeout: 20s\ndeadline: 20s\nservices:\n\(yaml)", to: "healthz.yaml")
        let ended = try Program.run(["check", "--config", file, "--format", "json"], environment: environment)
        code = ended.code
        let json = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
        services = try #require(json?["services"] as? [String: [String: Any]], "\(ended.errors)")
    }

    /// `status`, or `status: reason: message`.
    func said(_ name: String = "a") -> String {
        let service = services[name] ?? [:]
        return ["status", "reason", "message"].compactMap { service[$0] as? String }.joined(separator: ": ")
    }
}

@Suite("Services of a configuration file", .serialized, .timeLimit(.minutes(5)))
struct ConfigurationFileTests {
    // MARK: TLS

    private static func serving(_ certificates: Certificates, _ kind: Certificates.Kind, _ more: String = "")
        throws -> Nginx
    {
        try Nginx(
            .init(
                """
                ssl_certificate \(certificates.certificate(kind)); ssl_certificate_key \(certificates.key(kind)); \(more)
                location / { return 200 "ok $http_host"; }
                """, listen: "ssl"))
    }

    @Test("The right authority, the wrong one, and none; an expired certificate; a wrong name, and the right one")
    func tls() throws {
        let certificates = try Certificates()
        func said(_ kind: Certificates.Kind, _ tls: String, host: String = "127.0.0.1") throws -> String {
            let server = try Self.serving(certificates, kind)
            return try Checked("  a: {url: 'https://\(host):\(server.port)/', tls: {\(tls)}}").said()
        }
        let right = "ca_file: \(certificates.authority)"
        #expect(try said(.good, right) == "healthy")
        #expect(try said(.good, right, host: "localhost") == "healthy")
        let tls = "unhealthy: tls: TLS failed: SSL certificate problem: "
        #expect(try said(.good, "").hasPrefix(tls + "unable to get local issuer certificate"))
        #expect(try said(.good, "ca_file: \(certificates.otherAuthority)").hasPrefix(tls))
        #expect(try said(.expired, right) == tls + "certificate has expired")
        #expect(try said(.misnamed, right).contains("tls: TLS failed: SSL: no alternative certificate subject name"))
        #expect(try said(.misnamed, "\(right), server_name: elsewhere.example") == "healthy")
        #expect(try said(.good, "\(right), server_name: elsewhere.example").hasPrefix("unhealthy: tls"))
        for kind in [Certificates.Kind.expired, .misnamed] {
            #expect(try said(kind, "insecure_skip_verify: true") == "healthy")
        }
    }

    @Test("A certificate that expires soon degrades; the authorities of OpenSSL's variables are heeded")
    func expiry() throws {
        let certificates = try Certificates()
        let server = try Self.serving(certificates, .good)
        let url = "url: 'https://127.0.0.1:\(server.port)/'"
        let checked = try Checked(
            """
              soon: {\(url), certificate_expires_within: 14d}
              later: {\(url), certificate_expires_within: 1d}
              wrong: {\(url), certificate_expires_within: 14d, accept: 404}
            """, environment: ["SSL_CERT_FILE": certificates.authority])
        #expect(checked.said("soon").hasPrefix("degraded: certificate: the certificate expires at 20"))
        #expect(checked.said("soon").hasSuffix("Z, within 14 days"))
        #expect(checked.said("later") == "healthy")
        #expect(checked.said("wrong").hasPrefix("unhealthy: status"))
        let other = ["SSL_CERT_FILE": certificates.otherAuthority]
        #expect(try Checked("  a: {\(url)}", environment: other).said().hasPrefix("unhealthy: tls"))
    }

    @Test("The name in the certificate can be set, and the Host field stays the URL's")
    func serverName() throws {
        let certificates = try Certificates()
        let server = try Self.serving(certificates, .good, "server_name db;")
        let checked = try Checked(
            """
              a:
                url: https://127.0.0.1:\(server.port)/
                tls: {ca_file: \(certificates.authority), server_name: db}
                body: {contains: "ok 127.0.0.1:\(server.port)"}
            """)
        #expect(checked.said() == "healthy")
    }

    @Test("Mutual TLS: with a certificate of ours, and without")
    func mutualTLS() throws {
        let certificates = try Certificates()
        let server = try Self.serving(
            certificates, .good, "ssl_client_certificate \(certificates.authority); ssl_verify_client on;")
        let url = "url: 'https://localhost:\(server.port)/'"
        let checked = try Checked(
            """
              with:
                \(url)
                tls:
                  ca_file: \(certificates.authority)
                  cert_file: \(certificates.certificate(.client))
                  key_file: \(certificates.key(.client))
              without: {\(url), tls: {ca_file: \(certificates.authority)}}
            """)
        #expect(checked.said("with") == "healthy")
        #expect(checked.said("without").hasPrefix("unhealthy: status: answered 400, expected 200-299: \"<html>"))
    }

    // MARK: Requests

    @Test("Basic and bearer authentication, by values, files and variables, and never shown")
    func authentication() throws {
        let server = try Nginx(
            .init(
                """
                location /basic { if ($http_authorization != "Basic cHJvYmU6Z2VoZWlt") { return 401; } return 200; }
                location /bearer { if ($http_authorization != "Bearer geheimnis") { return 401; } return 200; }
                """))
        let folder = try Folder()
        try folder.write("geheim\n", to: "password")
        try folder.write("geheimnis\n", to: "token")
        let file = try folder.write(
            """
            timeout: 20s
            deadline: 20s
            log_level: debug
            services:
              basic: {url: '\(server.url)/basic', basic_auth: {username: probe, password_file: password}}
              value: {url: '\(server.url)/basic', basic_auth: {username: probe, password: "${PASSWORD}"}}
              url: {url: 'http://probe:geheim@127.0.0.1:\(server.port)/basic'}
              bearer: {url: '\(server.url)/bearer', bearer_token_file: token}
              header: {url: '\(server.url)/bearer', headers: {Authorization: "Bearer geheimnis"}}
              wrong: {url: '\(server.url)/bearer', bearer_token: geheimer, critical: false}
            """, to: "healthz.yaml")
        let environment = ["PASSWORD": "geheim"]
        let sidecar = try RunningSidecar(environment, ["--config", file])
        let response = try sidecar.get("/healthz")
        #expect(response.status == 200)
        #expect(
            try RunningSidecar.reasons(response)
                == ["basic": nil, "value": nil, "url": nil, "bearer": nil, "header": nil, "wrong": "status"])
        sidecar.program.signal(SIGINT)
        let printed = try Program.run(["config", "--config", file], environment: environment).output
        let shown = try printed + response.body + sidecar.program.wait().errors
        #expect(!shown.contains("geheim"))
        for name in ["password", "token"] {
            let row = printed.split(separator: "\n").first { $0.hasPrefix("\(folder.path(name)) ") }
            #expect(row?.contains(#/ 20\d\d-\d\d-\d\dT[\d:.]+Z$/#) == true, "when the file was changed: \(printed)")
        }
    }

    @Test("Methods, fields and content arrive as they are written")
    func requests() throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ])
        defer { upstream.stop() }
        let checked = try Checked(
            """
              a: {url: '\(upstream.url)/head', method: HEAD, headers: {X-Scope-OrgID: ops, X-Empty: ''}}
              b: {url: '\(upstream.url)/post', method: POST, request_body: '{"a": 1}', headers: {Host: db}}
              c: {url: '\(upstream.url)/typed', method: POST, request_body: '{}', headers: {content-type: text/plain}}
              d: {url: '\(upstream.url)/bare', method: POST}
            """)
        #expect(checked.code == 0)
        func head(_ start: String) throws -> [String] {
            try #require(upstream.heads.first { $0.hasPrefix(start) }).components(separatedBy: "\r\n")
        }
        let first = try head("HEAD /head HTTP/1.1")
        #expect(first.contains("X-Scope-OrgID: ops"))
        #expect(first.contains("X-Empty:"))
        let post = try head("POST /post HTTP/1.1")
        #expect(post.contains("Host: db") && post.contains("Content-Length: 8"))
        #expect(!post.contains { $0.hasPrefix("Expect") || $0.hasPrefix("Content-Type") || $0.contains("127.0.0.1") })
        #expect(
            try head("POST /typed").filter { $0.lowercased().hasPrefix("content-type") } == ["content-type: text/plain"]
        )
        #expect(try head("POST /bare").contains("Content-Length: 0"))
    }

    @Test("A UNIX domain socket, as Docker's")
    func unixSocket() throws {
        let folder = try Folder()
        let socket = folder.path("docker.sock")
        let server = try Nginx(
            .init(
                """
                listen unix:\(socket);
                location = /containers/grafana/json { return 200 '{"Id": "x", "State": {"Status": "running"}}'; }
                location = /containers/loki/json { return 200 '{"Id": "x", "State": {"Status": "exited"}}'; }
                """))
        func container(_ name: String) -> String {
            """
              \(name):
                unix_socket: \(socket)
                url: http://docker/containers/\(name)/json
                body: {json: {/State/Status: running}}

            """
        }
        let checked = try Checked(container("grafana") + container("loki"))
        #expect(checked.said("grafana") == "healthy")
        #expect(checked.said("loki") == "unhealthy: body: /State/Status is \"exited\", expected \"running\"")
        #expect(checked.services["loki"]?["url"] as? String == "unix:\(socket):/containers/loki/json")
        withExtendedLifetime(server) {}
    }

    @Test("A plain connection, and one that is refused")
    func tcp() throws {
        let server = try Nginx(.init("location / { return 500; }"))
        let closed = try ClosedPort()
        let checked = try Checked(
            """
              a: {url: 'tcp://127.0.0.1:\(server.port)'}
              b: {preset: tcp, endpoint: 'tcp://localhost:\(server.port)'}
              c: {url: 'tcp://127.0.0.1:\(closed.port)'}
            """)
        #expect(checked.said("a") == "healthy")
        #expect(checked.said("b") == "healthy")
        #expect(checked.said("c") == "unhealthy: refused: connection refused by 127.0.0.1:\(closed.port)")

        let folder = try Folder()
        let file = try folder.write("services: {a: {url: 'tcp://127.0.0.1:\(server.port)'}}", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", file])
        let client = try RawClient(port: sidecar.port)
        func check() throws {
            try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readResponse().status == 200)
        }
        try check()
        let before = try sidecar.program.settledDescriptors()
        for _ in 0..<30 { try check() }
        // One more is Dispatch's own, for its first timer.
        try until("each connection is closed") { sidecar.program.descriptors <= before + 1 }
    }

    // MARK: Expectations

    @Test("Statuses and bodies are judged, and messages show the response, cut and escaped")
    func bodies() throws {
        let server = try Nginx(
            .init(
                """
                location /grafana { return 200 '{\\n  "database": "failing"\\n}'; }
                location /starting { return 503 "Some services are not Running:\\nStarting: 4\\n"; }
                location /large { return 200 "\(String(repeating: "x", count: 300))"; }
                location /too-large { root /; }
                location /nasty { return 200 "\u{1B}[31mred"; }
                """))
        let checked = try Checked(
            """
              database: {url: '\(server.url)/grafana', body: {json: {/database: ok}}}
              starting: {url: '\(server.url)/starting', accept: 2xx}
              expected: {url: '\(server.url)/starting', accept: [200, 500-599], body: {contains: Starting}}
              pattern: {url: '\(server.url)/starting', accept: 503, body: {matches: '(?m)^Starting: \\d+$'}}
              large: {url: '\(server.url)/large', body: {contains: ready}}
              nasty: {url: '\(server.url)/nasty', body: {contains: green}}
            """)
        #expect(checked.said("database") == #"unhealthy: body: /database is "failing", expected "ok""#)
        #expect(
            checked.said("starting")
                == "unhealthy: status: answered 503, expected 200-299: "
                + "\"Some services are not Running:\nStarting: 4\"")
        #expect(checked.said("expected") == "healthy")
        #expect(checked.said("pattern") == "healthy")
        #expect(
            checked.said("large")
                == "unhealthy: body: the body does not contain \"ready\": \"\(String(repeating: "x", count: 120))…\"")
        #expect(checked.said("nasty").hasSuffix("\"\u{1B}[31mred\""))
        let folder = try Folder()
        let file = try folder.write(
            "services: {a: {url: '\(server.url)/nasty', body: {contains: green}}}", to: "healthz.yaml")
        let table = try Program.run(["check", "--config", file]).output
        #expect(table.contains("\\u{1b}[31mred") && !table.contains("\u{1B}"))
    }

    @Test("A body over the limit is too large, whatever it contains")
    func tooLarge() throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\n\r\nready"), .endless(String(repeating: "x", count: 4096)),
        ])
        defer { upstream.stop() }
        let checked = try Checked("  a: {url: '\(upstream.url)/', body: {contains: ready}}")
        #expect(checked.said() == "unhealthy: too_large: response is larger than 64 KiB")
    }

    @Test("Each preset fits the answers of its server")
    func presets() throws {
        let consul = try FaultyUpstream([
            .readHead,
            .answer(["/v1/status/leader": "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n\"127.0.0.1:8300\""]),
        ])
        let leaderless = try FaultyUpstream([
            .readHead, .answer(["/v1/status/leader": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\"\""]),
        ])
        func ready(_ body: String) -> String {
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        let other = try FaultyUpstream([
            .readHead,
            .answer([
                "/ready": ready("ready\n"), "/-/ready": ready("Prometheus Server is Ready.\n"),
                "/api/health": ready("{}"), "/alertmanager/-/ready": ready("OK"),
                "/": "HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n",
            ]),
        ])
        defer { for upstream in [consul, leaderless, other] { upstream.stop() } }
        let names = [
            "grafana", "loki", "tempo", "loki-ready", "tempo-ready", "mimir-ready", "prometheus-ready",
        ]
        let checked = try Checked(
            names.map { "  \($0): {preset: \($0), endpoint: '\(other.url)'}\n" }.joined() + """
                  alertmanager: {preset: alertmanager-ready, endpoint: '\(other.url)/alertmanager'}
                  stranger: {preset: alertmanager-ready, endpoint: '\(other.url)'}
                  consul: {preset: consul-leader, endpoint: '\(consul.url)'}
                  leaderless: {preset: consul-leader, endpoint: '\(leaderless.url)'}
                """)
        for name in names + ["consul", "alertmanager"] { #expect(checked.said(name) == "healthy", "\(name)") }
        #expect(checked.said("stranger").hasPrefix("unhealthy: body: the body does not match"))
        #expect(checked.said("leaderless").hasPrefix("unhealthy: body: the body does not match"))
    }

    @Test("Two instances with one broken: as many as are required decide, and each has its own cause")
    func instances() throws {
        let good = try Nginx(.lokiOrTempo)
        let closed = try ClosedPort()
        func group(_ require: String) -> String {
            "{preset: loki-ready, instances: ['\(good.url)', '\(closed.url)'], require: \(require)}"
        }
        let checked = try Checked("  any: \(group("any"))\n  one: \(group("1"))\n  all: \(group("all"))")
        #expect(checked.code == 1)
        #expect(checked.said("any") == "degraded: instances: 1 of 2 instances is healthy, 1 required")
        #expect(checked.said("one") == checked.said("any"))
        #expect(checked.said("all") == "unhealthy: instances: 1 of 2 instances is healthy, 2 required")
        let instances = checked.services["all"]?["instances"] as? [String: [String: Any]]
        #expect(instances?[good.url]?["status"] as? String == "healthy")
        #expect(instances?[closed.url]?["reason"] as? String == "refused")
        #expect(instances?[closed.url]?["url"] as? String == "\(closed.url)/ready")
        #expect(try Checked("  any: \(group("any"))").code == 0)
    }

    @Test("A service that is not critical degrades the node, which stays 200; on its own it is 500")
    func criticality() throws {
        let good = try Nginx(.lokiOrTempo)
        let closed = try ClosedPort()
        let folder = try Folder()
        let file = try folder.write(
            """
            unhealthy_status: 503
            services:
              loki: {preset: loki, endpoint: '\(good.url)'}
              exporter: {url: '\(closed.url)/metrics', critical: false}
            """, to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", file])
        let whole = try sidecar.get("/healthz")
        #expect(whole.status == 200)
        #expect(try whole.json()["status"] as? String == "degraded")
        #expect(
            try sidecar.get("/healthz", fields: ["Accept: text/plain"]).body == "Degraded: exporter (refused)\n")
        #expect(try sidecar.get("/healthz/exporter").status == 503)
        #expect(try sidecar.get("/healthz?exclude=exporter").json()["status"] as? String == "healthy")
    }

    // MARK: The commands

    @Test("config --check says whether a file is valid, with every mistake in its place; serve ends with 78")
    func mistakes() throws {
        let folder = try Folder()
        let good = try folder.write("services: {a: {url: 'http://a/'}}\n", to: "good.yaml")
        let bad = try folder.write("timout: 3s\nservices:\n  a: {url: 'http://a/', accept: 4O4}\n", to: "bad.yaml")
        let valid = try Program.run(["config", "--check", "--config", good])
        #expect(valid.code == 0)
        #expect(valid.output == "the configuration is valid\n")
        for arguments in [["config", "--check"], ["serve"], ["check"]] {
            let refused = try Program.run(arguments + ["--config", bad])
            #expect(refused.code == 78)
            #expect(
                refused.errors == """
                    \(bad):1:1: timout: is not a known key; did you mean timeout?
                    \(bad):3:33: services.a.accept: "4O4" is not a status, a range or a class (200, 200-299, 2xx)

                    """)
        }
        let missing = try Program.run(["serve"], environment: ["HEALTHZ_CONFIG": folder.path("none.yaml")])
        #expect(missing.code == 78)
        #expect(missing.errors == "\(folder.path("none.yaml")): cannot be read: no such file or directory\n")
        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(
            try Program.run(["check", "--config", pipe]).errors == "\(pipe): cannot be read: it is not a regular file\n"
        )
    }

    @Test("config shows the source of each value, and the longest time to detection")
    func config() throws {
        let folder = try Folder()
        let file = try folder.write(
            """
            interval: 5s
            fall: 3
            services:
              loki: {preset: loki-ready, instances: ['http://a:3100', 'http://b:3100'], require: 1}
              db: {url: 'tcp://db:5432', critical: false, timeout: 500ms}
            """, to: "healthz.yaml")
        let output = try Program.run(["config", "--config", file]).output
        let lines = output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines.contains("interval 5s \(file):1:11"))
        #expect(
            lines.contains("loki GET http://a:3100/ready 200, body matches ^ready\\s*$ 1500ms 1/3 critical, 1 of 2"))
        #expect(lines.contains("db tcp://db:5432 a connection 500ms 1/3 not critical"))
        #expect(lines.contains("healthz 18.0 s (interval 5s + 10 %) × fall 3 + timeout 1500ms"))
        #expect(lines.contains("together 84.0 s the failure to the last new connection"))
    }

    @Test("probe without a URL finds the address in the configuration file, even if something else in it is wrong")
    func probe() throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar(["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        let folder = try Folder()
        let file = try folder.write("listen: 127.0.0.1:\(sidecar.port)\ntimout: 1s\n", to: "healthz.yaml")
        #expect(try Program.run(["probe"], environment: ["HEALTHZ_CONFIG": file]).code == 0)
        try folder.write("listen: nowhere\n", to: "healthz.yaml")
        #expect(try Program.run(["probe"], environment: ["HEALTHZ_CONFIG": file]).code == 64)
        let tcp = try Program.run(["probe", "tcp://127.0.0.1:\(sidecar.port)"])
        #expect(tcp.code == 0)
        #expect(tcp.output.hasPrefix("healthy: tcp://127.0.0.1:\(sidecar.port) took the connection in "))
        #expect(try Program.run(["probe", "tcp://127.0.0.1:\(closed.port)"]).code == 1)
    }
}
