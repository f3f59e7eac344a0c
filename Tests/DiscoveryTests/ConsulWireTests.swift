import HTTPClient
import Testing

@testable import Discovery

@Suite("How Consul's agent is reached")
struct ConsulAgentTests {
    private static let address = "CONSUL_HTTP_ADDR"
    private static let ssl = "CONSUL_HTTP_SSL"

    @Test("An address is HOST:PORT, a URL or a UNIX socket, and the setting goes before the variable")
    func addresses() throws {
        let rows: [(String?, [String: String], String)] = [
            (nil, [:], "http://127.0.0.1:8500/"), (nil, [Self.address: "agent:8500"], "http://agent:8500/"),
            (nil, [Self.address: "http://agent:8500"], "http://agent:8500/"),
            (nil, [Self.address: "https://agent:8501/consul"], "https://agent:8501/consul"),
            (nil, [Self.address: "[::1]:8500"], "http://[::1]:8500/"),
            (nil, [Self.address: "agent:8500/consul/"], "http://agent:8500/consul/"),
            (nil, [Self.address: "agent:8501", Self.ssl: "true"], "https://agent:8501/"),
            (nil, [Self.address: "http://agent:8501", Self.ssl: "1"], "https://agent:8501/"),
            (nil, [Self.address: "unix:///run/consul.sock"], "unix:/run/consul.sock:/"),
            ("http://a:1", [Self.address: "b:2"], "http://a:1/"),
        ]
        for (setting, variables, url) in rows {
            #expect("\(try ConsulAgent(address: setting, Environment(variables)).url)" == url)
        }
        let socket = try ConsulAgent(Environment([Self.address: "unix:///run/consul.sock"]))
        #expect(socket.url.host == "localhost")
    }

    @Test("What is no address, no flag or no token is refused, and not shown")
    func mistakes() {
        let rows: [([String: String], ConsulMistake)] = [
            ([Self.address: "ftp://secret"], .address(name: Self.address)),
            ([Self.address: "unix://secret"], .address(name: Self.address)),
            ([Self.address: "http://user:secret@a"], .address(name: Self.address)),
            ([Self.address: "a b:secret"], .address(name: Self.address)),
            ([Self.ssl: "secret"], .flag(name: Self.ssl)),
            (["CONSUL_HTTP_SSL_VERIFY": "secret"], .flag(name: "CONSUL_HTTP_SSL_VERIFY")),
            (["CONSUL_HTTP_TOKEN": "secret\r\nX: y"], .token),
        ]
        for (variables, mistake) in rows {
            #expect(throws: mistake) { try ConsulAgent(Environment(variables)) }
            #expect(!"\(mistake)".contains("secret"))
        }
    }

    @Test("A token file goes before a token, and the setting before both")
    func tokens() throws {
        let both = ["CONSUL_HTTP_TOKEN": "t", "CONSUL_HTTP_TOKEN_FILE": "/f"]
        #expect(try ConsulAgent(Environment(both)).token == .file("/f"))
        #expect(try ConsulAgent(tokenFile: "/g", Environment(both)).token == .file("/g"))
        #expect(try ConsulAgent(Environment(["CONSUL_HTTP_TOKEN": "t"])).token == .text(Secret("t")))
        #expect(try ConsulAgent(Environment([:])).token == .none)
        #expect(ConsulAgent.token(inFile: Array("t-1\n".utf8)) == Secret("t-1"))
        for text in ["", "\n", "a\nb", "a\u{0}"] { #expect(ConsulAgent.token(inFile: Array(text.utf8)) == nil) }
    }

    @Test("The other variables are read, and no description shows what is secret")
    func others() throws {
        let variables = [
            "CONSUL_HTTP_AUTH": "user:pass:word", "CONSUL_HTTP_TOKEN": "sesame", "CONSUL_CACERT": "/ca",
            "CONSUL_CAPATH": "/cas", "CONSUL_CLIENT_CERT": "/cert", "CONSUL_CLIENT_KEY": "/key",
            "CONSUL_TLS_SERVER_NAME": "name", "CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_NAMESPACE": "a b",
            "CONSUL_PARTITION": "p",
        ]
        let agent = try ConsulAgent(Environment(variables))
        #expect(agent.url.credentials == URL.Credentials(user: "user", password: "pass:word"))
        var tls = ConsulAgent.TLS()
        (tls.authorities, tls.authoritiesFolder, tls.certificate) = ("/ca", "/cas", "/cert")
        (tls.key, tls.serverName, tls.isVerified) = ("/key", "name", false)
        #expect(agent.tls == tls)
        let request = ConsulCall.deregister(service: "x").request(to: agent, token: Secret("sesame"))
        #expect(request.url.target == "/v1/agent/service/deregister/x?ns=a%20b&partition=p")
        for text in ["\(request)", "\(request.url)", "\(agent.token)"] {
            #expect(!text.contains("sesame") && !text.contains("pass"))
        }
    }
}

@Suite("Requests to Consul's agent")
struct ConsulCallTests {
    private static func service(_ change: (inout ConsulService.Parts) -> Void = { _ in }) throws -> ConsulService {
        var parts = ConsulService.Parts()
        (parts.name, parts.id) = ("grafana", "grafana-i-1")
        change(&parts)
        return try ConsulService(parts)
    }

    private static func request(_ call: ConsulCall, token: Secret? = nil) throws -> Request {
        call.request(to: try ConsulAgent(Environment([:])), token: token)
    }

    private static func content(_ call: ConsulCall) throws -> String {
        String(decoding: try request(call).content ?? [], as: UTF8.self)
    }

    @Test("Calls have their paths, and an identifier cannot leave its segment")
    func paths() throws {
        let rows: [(ConsulCall, String)] = [
            (.register(try Self.service()), "PUT /v1/agent/service/register"),
            (.update(check: "service:a/b", .passing, output: ""), "PUT /v1/agent/check/update/service%3Aa%2Fb"),
            (.look(service: "a?b"), "GET /v1/agent/health/service/id/a%3Fb?format=text"),
            (.deregister(service: "../x y"), "PUT /v1/agent/service/deregister/..%2Fx%20y"),
        ]
        for (call, expected) in rows {
            let request = try Self.request(call, token: Secret("t"))
            #expect("\(request.method.name) \(request.url.target)" == expected)
            #expect(request.fields.first == Field(name: "X-Consul-Token", value: "t"))
        }
        #expect(try Self.request(.deregister(service: "x")).fields.isEmpty)
        let prefixed = try ConsulAgent(address: "https://a/consul", Environment([:]))
        #expect(
            ConsulCall.look(service: "x").request(to: prefixed, token: nil).url.target
                == "/consul/v1/agent/health/service/id/x?format=text")
    }

    @Test("A registration has the members that were set, and none that an old agent lacks")
    func registrations() throws {
        let check =
            #"{"CheckID":"service:grafana-i-1","DeregisterCriticalServiceAfter":"3600s","Name":"healthz","#
            + #""Status":"critical","TTL":"30s"}"#
        let least = #"{"Checks":[\#(check)],"ID":"grafana-i-1","Name":"grafana"}"#
        #expect(try Self.content(.register(Self.service())) == least)
        let service = try Self.service { parts in
            (parts.address, parts.port, parts.tags, parts.meta) = ("10.0.0.7", 3000, ["metrics"], ["stack": "green"])
            (parts.check, parts.deregisterAfter) = (.ttl(.milliseconds(1_500)), nil)
        }
        let most =
            #"{"Address":"10.0.0.7","Checks":[{"CheckID":"service:grafana-i-1","Name":"healthz","#
            + #""Status":"critical","TTL":"1500ms"}],"ID":"grafana-i-1","Meta":{"stack":"green"},"#
            + #""Name":"grafana","Port":3000,"Tags":["metrics"]}"#
        #expect(try Self.content(.register(service)) == most)
        let url = URL(scheme: .http, host: "127.0.0.1", port: 8080, target: "/healthz")
        let http = try Self.service { parts in
            (parts.check, parts.deregisterAfter) = (.http(url, interval: .seconds(2), timeout: .seconds(1)), nil)
        }
        let asked =
            #"{"Checks":[{"CheckID":"service:grafana-i-1","HTTP":"http://127.0.0.1:8080/healthz","#
            + #""Header":{"Accept":["text/plain"]},"Interval":"2s","Name":"healthz","Status":"critical","#
            + #""Timeout":"1s"}],"ID":"grafana-i-1","Name":"grafana"}"#
        #expect(try Self.content(.register(http)) == asked)
    }

    @Test("An output is cut where Consul would, between two characters")
    func outputs() throws {
        #expect(
            try Self.content(.update(check: "c", .warning, output: "a\nb")) == #"{"Output":"a\nb","Status":"warning"}"#)
        for (character, count) in [("a", 4_000), ("ä", 2_000), ("€", 1_333), ("👩‍👩‍👧", 222)] {
            let output = String(repeating: character, count: 5_000)
            let expected = String(repeating: character, count: count)
            let content = try Self.content(.update(check: "c", .critical, output: output))
            #expect(content == #"{"Output":"\#(expected)","Status":"critical"}"#)
        }
    }

    @Test("What Consul would refuse is refused before it is sent")
    func mistakes() {
        typealias Parts = ConsulService.Parts
        let long = String(repeating: "a", count: 513)
        let rows: [(ConsulMistake, (inout Parts) -> Void)] = [
            (.serviceName(""), { $0.name = "" }), (.serviceName("a\n"), { $0.name = "a\n" }),
            (.serviceID(""), { $0.id = "" }), (.serviceAddress("0.0.0.0"), { $0.address = "0.0.0.0" }),
            (.serviceAddress("::"), { $0.address = "::" }), (.port(0), { $0.port = 0 }),
            (.port(65_536), { $0.port = 65_536 }), (.tag(""), { $0.tags = ["a", ""] }),
            (.metaKey("a.b"), { $0.meta = ["a.b": "c"] }), (.metaKey(""), { $0.meta = ["": "c"] }),
            (.metaValue(key: "a"), { $0.meta = ["a": long] }),
            (.timeToLive, { $0.check = .ttl(.milliseconds(999)) }),
            (.deregisterAfter, { $0.deregisterAfter = .seconds(59) }),
        ]
        for (mistake, change) in rows {
            #expect(throws: mistake) { try Self.service(change) }
        }
    }
}

@Suite("Answers of Consul's agent")
struct ConsulAnswerTests {
    private static let update = ConsulCall.update(check: "service:x", .passing, output: "")
    private static let look = ConsulCall.look(service: "x")

    @Test("200 is done, and a look tells what is known by its status")
    func answers() throws {
        #expect(try ConsulAnswer(Response(200), to: Self.update) == .done)
        #expect(try ConsulAnswer(Response(200, "passing"), to: Self.look) == .known(.passing))
        #expect(try ConsulAnswer(Response(429, "warning"), to: Self.look) == .known(.warning))
        #expect(try ConsulAnswer(Response(503, "critical"), to: Self.look) == .known(.critical))
    }

    @Test(
        "Refusals and failures are told apart, an unknown check in each of its forms",
        arguments: [
            (update, 500, #"CheckID "service:x" does not have associated TTL"#, RegistryCause.notFound),
            (update, 500, #"Unknown check "service:x""#, .notFound),
            (
                update, 404, #"Unknown check ID "service:x". Ensure that the check ID is passed, not the check name."#,
                .notFound
            ),
            (update, 404, "404 page not found", .invalid), (update, 500, "boom", .server),
            (update, 400, #"Invalid check status: "x""#, .invalid), (update, 405, "method not allowed", .invalid),
            (update, 403, "Permission denied: token with AccessorID 'x' lacks permission", .denied),
            (update, 403, "ACL not found", .denied), (update, 401, "", .denied),
            (update, 500, "rpc error making call: ACL not found", .denied), (update, 429, "", .throttled),
            (update, 503, "", .server), (update, 502, "", .server), (update, 301, "", .invalid),
            (look, 404, #"ServiceId x not found"#, .notFound), (look, 404, "404 page not found\n", .invalid),
            (look, 403, "Permission denied", .denied), (look, 500, "", .server),
        ])
    func failures(call: ConsulCall, status: Int, body: String, cause: RegistryCause) {
        #expect {
            try ConsulAnswer(Response(status, body), to: call)
        } throws: { error in
            (error as? ConsulFailure)?.cause == cause
        }
    }

    @Test("A message is one line, and has no token in it")
    func messages() {
        let response = Response(403, "no: sesame\nmore")
        #expect {
            try ConsulAnswer(response, to: Self.update, hiding: Secret("sesame"))
        } throws: { error in
            "\(error)" == "update: status 403: no: <secret>"
        }
    }
}
