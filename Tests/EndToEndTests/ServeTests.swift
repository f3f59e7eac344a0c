import Foundation
import TestSupport
import Testing

@Suite("healthz serve, over nginx", .serialized, .timeLimit(.minutes(5)))
struct ServeTests {
    @Test("A healthy node is 200 with detail for each service, one that dies is 500 at the next request, and back")
    func lifecycle() throws {
        var stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)

        let healthy = try sidecar.get("/healthz")
        #expect(healthy.status == 200)
        #expect(healthy.field("Content-Type") == "application/json")
        #expect(healthy.field("Cache-Control") == "no-store")
        let json = try healthy.json()
        #expect(json["status"] as? String == "healthy")
        let services = try #require(json["services"] as? [String: [String: Any]])
        #expect(services["grafana"]?["url"] as? String == stack.grafana.url + "/api/health")
        #expect(services["grafana"]?["http_status"] as? Int == 200)
        #expect(services["loki"]?["url"] as? String == stack.loki.url + "/")
        #expect(services["loki"]?["http_status"] as? Int == 404)
        #expect(services["tempo"]?["http_status"] as? Int == 404)
        for service in services.values {
            #expect(service["status"] as? String == "healthy")
            #expect(service["duration_ms"] as? Double != nil)
            #expect(service["since"] as? String != nil)
        }

        let port = stack.loki.port
        stack.loki.stop()
        let broken = try sidecar.get("/healthz")
        #expect(broken.status == 500)
        #expect(try RunningSidecar.reasons(broken) == ["grafana": nil, "loki": "refused", "tempo": nil])
        let loki = try #require((try broken.json()["services"] as? [String: [String: Any]])?["loki"])
        #expect(loki["message"] as? String == "connection refused by 127.0.0.1:\(port)")
        #expect(loki["last_healthy_at"] as? String != nil)
        #expect(try sidecar.get("/healthz", fields: ["Accept: text/plain"]).body == "Unhealthy: loki (refused)\n")
        #expect(try sidecar.get("/healthz/loki").status == 500)
        #expect(try sidecar.get("/healthz/tempo").status == 200)
        #expect(try sidecar.get("/healthz?exclude=loki").status == 200)

        stack.loki = try Nginx(.lokiOrTempo, port: port)
        #expect(try sidecar.get("/healthz").status == 200)
        #expect(try sidecar.get("/healthz", fields: ["Accept: text/plain"]).body == "Healthy!\n")
        try sidecar.program.waitForErrors("well again") { $0.contains("info    the node is healthy after ") }
        let log = sidecar.program.errorText
        #expect(log.contains("warning loki is unhealthy after "))
        #expect(log.contains(": refused: connection refused by 127.0.0.1:\(port) ("))
        #expect(log.contains("info    loki is healthy after "))
        // Changes of state, and no line for each request.
        #expect(log.components(separatedBy: "loki is").count == 4)
        let node = log.split(separator: "\n").filter { $0.contains("the node is") }
        try #require(node.count == 3)
        #expect(node[0].contains("info    the node is healthy"))
        #expect(node[1].contains("warning the node is unhealthy after ") && node[1].hasSuffix(": loki (refused)"))
        #expect(node[2].contains("info    the node is healthy after "))
    }

    @Test("No thread is of the global pool, nor after a reload: Dispatch would look after that once a second for ever")
    func threads() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)
        #expect(try sidecar.get("/healthz").status == 200)
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the reload") {
            $0.contains("SIGHUP: there is no file to read (--config); the configuration stays as it is")
        }
        // Threads stay for some seconds when they have nothing more to do.
        let threads = sidecar.program.threads
        #expect(threads.contains { $0.hasSuffix("overcommit") }, "\(threads)")
        #expect(!threads.contains { $0.hasSuffix("qos") }, "\(threads)")
    }

    @Test("Grafana without its database is unhealthy by its status")
    func database() throws {
        let stack = try Stack()
        let grafana = try Nginx(.grafanaWithoutDatabase)
        let sidecar = try RunningSidecar(stack.environment.merging(["GRAFANA_ENDPOINT": grafana.url]) { $1 })
        let response = try sidecar.get("/healthz")
        #expect(response.status == 500)
        #expect(try RunningSidecar.reasons(response) == ["grafana": "status", "loki": nil, "tempo": nil])
        #expect(response.body.contains(#""message": "answered 503, expected 200: \"{\"database\": \"failing\"}\"""#))
    }

    @Test("All services have failed, each in its own way")
    func allBroken() throws {
        let closed = try ClosedPort()
        let frozen = try Nginx(.lokiOrTempo)
        frozen.freeze()
        let reset = try FaultyUpstream([.readHead, .reset])
        defer { reset.stop() }
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": frozen.url, "TEMPO_ENDPOINT": reset.url,
            "HEALTHZ_TIMEOUT": "300ms",
        ])
        let response = try sidecar.get("/healthz")
        #expect(response.status == 500)
        #expect(
            try RunningSidecar.reasons(response) == ["grafana": "refused", "loki": "timeout", "tempo": "reset"])
        frozen.thaw()
    }

    @Test("A frozen upstream holds up neither /livez nor other services, and the answer comes by the deadline")
    func frozen() throws {
        let stack = try Stack()
        stack.loki.freeze()
        let sidecar = try RunningSidecar(
            stack.environment.merging(["HEALTHZ_TIMEOUT": "15s", "HEALTHZ_DEADLINE": "3s"]) { $1 })
        let start = ContinuousClock.now
        let waiting = try RawClient(port: sidecar.port)
        try waiting.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in 0..<10 {
            #expect(try sidecar.get("/livez").status == 200)
            #expect(try sidecar.get("/healthz/tempo").status == 200)
        }
        #expect(!waiting.hasInput, "all that was answered while the first request still waited")
        let response = try waiting.readResponse()
        #expect(ContinuousClock.now - start >= .seconds(3))
        #expect(response.status == 500)
        #expect(try RunningSidecar.reasons(response) == ["grafana": nil, "loki": "deadline", "tempo": nil])
        stack.loki.thaw()
    }

    @Test("A hundred requests at once over slow upstreams make three probes, and all get the answer")
    func singleFlight() throws {
        let upstreams = try (0..<3).map { _ in try FaultyUpstream(Self.heldAnswer) }
        defer { for upstream in upstreams { upstream.stop() } }
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": upstreams[0].url, "LOKI_ENDPOINT": upstreams[1].url, "TEMPO_ENDPOINT": upstreams[2].url,
        ])
        let clients = try (0..<100).map { _ in try RawClient(port: sidecar.port) }
        for client in clients { try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") }
        try untilAllIsRead(by: sidecar.port, connections: clients.count)
        for upstream in upstreams { upstream.release() }
        for client in clients { #expect(try client.readResponse().status == 200) }
        #expect(upstreams.map(\.accepted) == [1, 1, 1])
    }

    /// Waits until the server has taken all that its clients have sent: until then some of them are not waiting for
    /// the check that is in the air.
    private func untilAllIsRead(by port: UInt16, connections: Int) throws {
        let local = ":" + String(format: "%04X", port)
        try until("the server reads its requests") {
            let file = try #require(FileHandle(forReadingAtPath: "/proc/net/tcp"))
            let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            // Columns: number, local address, remote address, state (01 is established), send and receive queue.
            let mine = table.split(separator: "\n").map { $0.split(separator: " ") }
                .filter { $0.count > 4 && $0[1].hasSuffix(local) && $0[3] == "01" }
            return mine.count >= connections && mine.allSatisfy { $0[4].hasSuffix(":00000000") }
        }
    }

    @Test("Services can be left out, and an unknown name is a warning")
    func exclude() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)
        let response = try sidecar.get("/healthz?exclude=loki&exclude=tempo&exclude=nope%1B")
        #expect(response.status == 200)
        #expect(try RunningSidecar.reasons(response) == ["grafana": nil])
        #expect(
            try response.json()["warnings"] as? [String]
                == ["exclude: no service is named \"nope\\u{1b}\"; there are: grafana, loki, tempo"])
        let nothing = try sidecar.get("/healthz?exclude=loki&exclude=tempo&exclude=grafana")
        #expect(nothing.status == 500)
        #expect(try nothing.json()["reason"] as? String == "nothing_checked")
        let unknown = try sidecar.get("/healthz/nope")
        #expect(unknown.status == 404)
        #expect(unknown.body.contains("grafana, loki, tempo"))
    }

    @Test("Methods, paths and HEAD")
    func methods() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)
        for path in ["/healthz", "/healthz/loki", "/livez", "/readyz"] {
            let get = try sidecar.get(path)
            #expect(get.status == 200)
            #expect(get.field("Cache-Control") == "no-store")
            #expect(try TestSupport.get(path, port: sidecar.port, method: "HEAD").status == 200)
            let post = try TestSupport.get(path, port: sidecar.port, method: "POST")
            #expect(post.status == 405)
            #expect(post.field("Allow") == "GET, HEAD")
        }
        #expect(try sidecar.get("/healthy").status == 404)
        #expect(try sidecar.get("/healthz/").status == 404)
    }

    @Test("With a cache, answers come from memory while they are young")
    func cache() throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": upstream.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_CACHE": "1h",
        ])
        let bodies = try (0..<5).map { _ in try sidecar.get("/healthz").body }
        #expect(Set(bodies).count == 1)
        #expect(upstream.accepted == 1)
    }

    @Test("SIGTERM: unhealthy at once, alive while draining, then a clean end")
    func drain() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment.merging(["HEALTHZ_DRAIN": "1s"]) { $1 })
        #expect(try sidecar.get("/healthz").status == 200)
        #expect(try sidecar.get("/readyz").status == 200)
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        let response = try sidecar.get("/healthz")
        #expect(response.status == 500)
        #expect(try response.json()["reason"] as? String == "draining")
        #expect(try sidecar.get("/healthz/loki").status == 500)
        #expect(try sidecar.get("/healthz", fields: ["Accept: text/plain"]).body == "Unhealthy: draining\n")
        #expect(try sidecar.get("/readyz").status == 503)
        #expect(try sidecar.get("/livez").status == 200)
        let ended = try sidecar.program.wait()
        #expect(ended.code == 0)
        #expect(ended.errors.contains("healthz has ended"))
    }

    @Test("A second SIGTERM, or a SIGINT, ends it at once", arguments: [SIGTERM, SIGINT])
    func secondSignal(number: Int32) throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment.merging(["HEALTHZ_DRAIN": "1h"]) { $1 })
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        sidecar.program.signal(number)
        let ended = try sidecar.program.wait()
        let name = number == SIGINT ? "SIGINT" : "SIGTERM"
        #expect(ended.code == 0 && ended.errors.contains("info    \(name): ending now\n"))
    }

    /// A sidecar with a request in flight: it is answered when the upstream is released.
    private func requestInFlight(
        _ upstream: FaultyUpstream, _ settings: [String: String]
    ) throws -> (RunningSidecar, RawClient) {
        let environment = ["GRAFANA_ENDPOINT": upstream.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]
        let sidecar = try RunningSidecar(environment.merging(settings) { $1 })
        let client = try RawClient(port: sidecar.port)
        try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        try untilAllIsRead(by: sidecar.port, connections: 1)
        return (sidecar, client)
    }

    private static let heldAnswer: [FaultyUpstream.Step] = [
        .readHead, .hold, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]

    @Test("Running requests are answered at the end, and as unhealthy while draining")
    func inFlight() throws {
        let upstream = try FaultyUpstream(Self.heldAnswer)
        defer { upstream.stop() }
        let (sidecar, client) = try requestInFlight(upstream, ["HEALTHZ_DRAIN": "1h"])
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        sidecar.program.signal(SIGINT)
        upstream.release()
        let response = try client.readResponse()
        #expect(response.status == 500)
        #expect(try response.json()["reason"] as? String == "draining")
        #expect(response.field("Connection") == "close")
        #expect(try sidecar.program.wait().code == 0)
    }

    @Test("After its end has begun, signals change nothing: running requests are answered")
    func signalsAfterTheEnd() throws {
        let upstream = try FaultyUpstream(Self.heldAnswer)
        defer { upstream.stop() }
        let (sidecar, client) = try requestInFlight(upstream, ["HEALTHZ_LOG_LEVEL": "debug"])
        sidecar.program.signal(SIGINT)
        try sidecar.program.waitForErrors("the end") { $0.contains("closing the listener") }
        sidecar.program.signal(SIGTERM)
        sidecar.program.signal(SIGHUP)
        upstream.release()
        #expect(try client.readResponse().status == 200)
        let ended = try sidecar.program.wait()
        #expect(ended.code == 0)
        #expect(!ended.errors.contains("SIGTERM") && !ended.errors.contains("SIGHUP"), "\(ended.errors)")
    }

    @Test("Listening on a UNIX domain socket and on both families")
    func listeners() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("s-\(UUID().uuidString).sock").path
        let closed = try ClosedPort()
        let program = try Program(
            Program.healthz, ["--listen", "unix:\(path)"],
            environment: ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        try program.waitForErrors("start") { $0.contains("listens on unix:\(path)") }
        let probe = try Program.run(["probe", "unix:\(path):/livez"])
        #expect(probe.code == 0)
        #expect(probe.output.hasPrefix("healthy: unix:\(path):/livez answered 200 in "))
        #expect(try Program.run(["probe"], environment: ["HEALTHZ_LISTEN": "unix:\(path)"]).code == 0)
        program.signal(SIGINT)
        #expect(try program.wait().code == 0)
        #expect(!FileManager.default.fileExists(atPath: path))

        let both = try RunningSidecar(
            ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_LISTEN": "[::]:0"])
        for host in ["127.0.0.1", "::1"] { #expect(try get("/livez", port: both.port, host: host).status == 200) }
    }

    @Test("No output has a credential, and one in the URL is used")
    func credentials() throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let environment = [
            "GRAFANA_ENDPOINT": "http://probe:geheim@127.0.0.1:\(upstream.port)", "LOKI_ENDPOINT": "",
            "TEMPO_ENDPOINT": "", "HEALTHZ_LOG_LEVEL": "debug", "HEALTHZ_ACCESS_LOG": "on",
        ]
        let sidecar = try RunningSidecar(environment)
        let response = try sidecar.get("/healthz")
        #expect(upstream.heads.first?.contains("Authorization: Basic cHJvYmU6Z2VoZWlt") == true)
        sidecar.program.signal(SIGINT)
        var shown = response.head + response.body + (try sidecar.program.wait()).errors
        for arguments in [["config"], ["check"], ["check", "--format", "json"]] {
            let ended = try Program.run(arguments, environment: environment)
            shown += ended.output + ended.errors
        }
        #expect(!shown.contains("geheim") && !shown.contains("cHJvYmU6"))
        #expect(shown.contains("http://***@127.0.0.1:\(upstream.port)"))
    }

    @Test("However many clients connect, the probes of all services have descriptors left", arguments: [1, 150])
    func descriptors(services: Int) throws {
        let upstream = try FaultyUpstream([.readHead, .hold, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let folder = try Folder()
        let targets = (0..<services).map { "  s\($0): {url: '\(upstream.url)/'}\n" }.joined()
        let file = try folder.write("timeout: 20s\ndeadline: 20s\nservices:\n\(targets)", to: "healthz.yaml")
        let program = try Program(
            "/bin/sh", ["-c", "ulimit -n 500 && exec \(Program.healthz) --config \(file)"],
            environment: ["HEALTHZ_LISTEN": "127.0.0.1:0"])
        let port = try program.port()
        let silent = try (0..<600).map { _ in try RawClient(port: port) }
        let client = try RawClient(port: port)
        try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        try until("all are asked at once") { upstream.heads.count == services }
        upstream.release()
        #expect(try client.readResponse().status == 200)
        withExtendedLifetime(silent) {}
    }

    @Test("A flood of idle connections cannot keep out other clients, and the log reports it once")
    func flood() throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_MAX_CONNECTIONS": "20",
        ])
        let first = try RawClient(port: sidecar.port)
        try first.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.readResponse().status == 200)
        let silent = try (0..<100).map { _ in try RawClient(port: sidecar.port) }
        for client in silent { try? client.send("GET /livez HTTP/1.1\r\nHo") }
        #expect(try sidecar.get("/healthz").status == 500)
        #expect(try sidecar.get("/livez").status == 200)
        let told = sidecar.program.errorText.components(separatedBy: "HEALTHZ_MAX_CONNECTIONS; logged once").count - 1
        #expect(told == 1)
        withExtendedLifetime(silent) {}
    }

    @Test("systemd is notified of start, reload and end, and its watchdog is notified")
    func serviceManager() throws {
        let closed = try ClosedPort()
        let manager = try DatagramSocket()
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_DRAIN": "100ms",
            "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000",
        ])
        /// What is told next, but for the watchdog's meals, which are counted.
        var meals = 0
        func next() throws -> String {
            while true {
                let told = try manager.receive()
                guard told == "WATCHDOG=1" else { return told }
                meals += 1
            }
        }
        #expect(try next() == "READY=1")
        while meals < 4 { #expect(try manager.receive() == "WATCHDOG=1"); meals += 1 }
        sidecar.program.signal(SIGHUP)
        #expect(try next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(try next() == "READY=1")
        sidecar.program.signal(SIGTERM)
        #expect(try next() == "STOPPING=1")
        #expect(try sidecar.program.wait().code == 0)
    }

    @Test("A proxy in the environment is not used")
    func proxy() throws {
        let stack = try Stack()
        let closed = try ClosedPort()
        let proxies = [
            "http_proxy": closed.url, "HTTP_PROXY": closed.url, "all_proxy": closed.url, "ALL_PROXY": closed.url,
        ]
        #expect(try RunningSidecar(stack.environment.merging(proxies) { $1 }).get("/healthz").status == 200)
    }

    @Test("The log is lines of text or of JSON; requests are in it only if asked for; silence is not an error")
    func logs() throws {
        let closed = try ClosedPort()
        let environment = ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]
        let quiet = try RunningSidecar(environment.merging(["HEALTHZ_LOG_LEVEL": "debug"]) { $1 })
        for _ in 0..<20 { _ = try RawClient(port: quiet.port) }
        _ = try quiet.get("/livez")
        quiet.program.signal(SIGINT)
        let lines = try quiet.program.wait().errors.split(separator: "\n")
        #expect(
            lines.allSatisfy {
                $0.contains("listens") || $0.contains("grafana: GET") || $0.contains("SIGINT")
                    || $0.contains("closing the") || $0.contains("ended")
            }, "\(lines)")

        let json = try RunningSidecar(
            environment.merging(["HEALTHZ_LOG_FORMAT": "json", "HEALTHZ_ACCESS_LOG": "on"]) { $1 })
        _ = try json.get("/healthz?x=1", fields: ["User-Agent: ELB-HealthChecker/2.0"])
        let malformed = try RawClient(port: json.port)
        try malformed.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n")
        #expect(try malformed.readResponse().status == 400)
        json.program.signal(SIGINT)
        let events = try json.program.wait().errors.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
        func text(_ name: String) -> [String?] { events.map { $0[name] as? String } }
        #expect(text("event") == ["started", "changed", "node_changed", "answered", "answered", "stopping", "ended"])
        #expect(text("service")[1] == "grafana" && text("cause")[1] == "refused")
        #expect(text("detail")[1] == "connection refused by 127.0.0.1:\(closed.port)")
        #expect(text("url")[1] == "\(closed.url)/api/health")
        #expect(text("status")[2] == "unhealthy" && text("detail")[2] == "grafana (refused)")
        #expect(text("target")[3] == "/healthz?x=1" && events[3]["http_status"] as? Int == 500)
        #expect(text("user_agent")[3] == "ELB-HealthChecker/2.0")
        #expect([1, 3].allSatisfy { events[$0]["duration_ms"] is Double })
        #expect(events.allSatisfy { ($0["time"] as? String)?.hasSuffix("Z") == true })
        #expect(text("level").allSatisfy { $0 != nil } && text("message").allSatisfy { $0 != nil })
        #expect(text("detail")[4] == "a field line is not valid" && events[4]["http_status"] as? Int == 400)
        #expect(text("message")[3]?.hasSuffix(" \"ELB-HealthChecker/2.0\"") == true)
    }
}
