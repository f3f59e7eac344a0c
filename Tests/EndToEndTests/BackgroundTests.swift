import Foundation
import TestSupport
import Testing

@Suite("Checks at an interval", .serialized, .timeLimit(.minutes(5)))
struct BackgroundTests {
    private static let ok: [FaultyUpstream.Step] = [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    private static let failing: [FaultyUpstream.Step] = [
        .readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
    ]

    private func environment(_ upstream: FaultyUpstream, _ more: [String: String]) -> [String: String] {
        ["GRAFANA_ENDPOINT": upstream.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""].merging(more) { $1 }
    }

    @Test("Probing goes on without requests, and requests start no probe")
    func interval() throws {
        let upstream = try FaultyUpstream(Self.ok)
        defer { upstream.stop() }
        let sidecar = try RunningSidecar(environment(upstream, ["HEALTHZ_INTERVAL": "100ms"]))
        try until("five probes") { upstream.accepted >= 5 }
        let slow = try RunningSidecar(environment(upstream, ["HEALTHZ_INTERVAL": "1h"]))
        #expect(try slow.get("/healthz").status == 200)
        sidecar.program.signal(SIGINT)
        _ = try sidecar.program.wait()
        let before = upstream.accepted
        for path in ["/healthz", "/healthz/grafana", "/healthz?exclude=loki"] {
            #expect(try slow.get(path).status == 200)
        }
        #expect(upstream.accepted == before)
    }

    @Test(
        "Consecutive failures and recoveries count: with fall 3, one failure changes nothing and three do; the same with rise 2"
    )
    func riseAndFall() throws {
        let upstream = try FaultyUpstream(Self.ok)
        defer { upstream.stop() }
        let sidecar = try RunningSidecar(
            environment(upstream, ["HEALTHZ_INTERVAL": "100ms", "HEALTHZ_RISE": "2", "HEALTHZ_FALL": "3"]))
        try until("healthy") { try sidecar.get("/healthz").status == 200 }
        let before = upstream.accepted
        upstream.change(to: Self.failing)
        try until("unhealthy") { try sidecar.get("/healthz").status == 500 }
        #expect(upstream.accepted >= before + 3)
        upstream.change(to: Self.ok)
        let failed = upstream.accepted
        try until("healthy again") { try sidecar.get("/healthz").status == 200 }
        #expect(upstream.accepted >= failed + 2)
        sidecar.program.signal(SIGINT)
        let changes = try sidecar.program.wait().errors.split(separator: "\n").filter { $0.contains("grafana is") }
        #expect(changes.count == 3)
    }

    @Test("A sidecar that was suspended reports stale when it wakes, not its old state")
    func stale() throws {
        let upstream = try FaultyUpstream(Self.ok)
        defer { upstream.stop() }
        let sidecar = try RunningSidecar(
            environment(
                upstream,
                [
                    "HEALTHZ_INTERVAL": "100ms", "HEALTHZ_STALE_AFTER": "2200ms", "HEALTHZ_TIMEOUT": "2s",
                    "HEALTHZ_DEADLINE": "2s",
                ]))
        try until("healthy") { try sidecar.get("/healthz").status == 200 }
        upstream.change(to: [.freeze])
        sidecar.program.signal(SIGSTOP)
        // Time that has to pass: the report's age is real.
        usleep(2_300_000)
        sidecar.program.signal(SIGCONT)
        let response = try sidecar.get("/healthz")
        #expect(response.status == 500)
        #expect(try response.json()["reason"] as? String == "stale")
        #expect(try sidecar.get("/livez").status == 200)
        upstream.change(to: Self.ok)
        try until("healthy again") { try sidecar.get("/healthz").status == 200 }
        try sidecar.program.waitForErrors("the node's recovery") {
            $0.components(separatedBy: "the node is healthy").count == 3
        }
        let log = sidecar.program.errorText.split(separator: "\n").map(String.init)
        let lines = log.filter { $0.contains("the node") || $0.contains("stuck for") }
        try #require(lines.count >= 4, "\(log)")
        #expect(lines[1].contains("warning the node is unhealthy after ") && lines[1].contains(": stale: "))
        #expect(lines[2].contains("warning checks were stuck for "))
        #expect(lines.last?.contains("info    the node is healthy after ") == true)
    }

    @Test("Time in which the sidecar was suspended does not count against an upstream")
    func stopped() throws {
        let upstream = try FaultyUpstream([.readHead, .hold] + Self.ok.dropFirst())
        defer { upstream.stop() }
        let sidecar = try RunningSidecar(
            environment(upstream, ["HEALTHZ_TIMEOUT": "1s", "HEALTHZ_DEADLINE": "1s"]))
        let client = try RawClient(port: sidecar.port)
        try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        try until("the probe") { upstream.heads.count == 1 }
        sidecar.program.signal(SIGSTOP)
        // Time that has to pass: the deadline is real.
        usleep(1_300_000)
        sidecar.program.signal(SIGCONT)
        upstream.release()
        #expect(try client.readResponse().status == 200)
    }

    @Test("There are no probes while draining")
    func draining() throws {
        let upstream = try FaultyUpstream(Self.ok)
        defer { upstream.stop() }
        let sidecar = try RunningSidecar(
            environment(upstream, ["HEALTHZ_INTERVAL": "100ms", "HEALTHZ_DRAIN": "600ms"]))
        try until("a probe") { upstream.accepted >= 1 }
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        // One may be in the air.
        let before = upstream.accepted
        #expect(try sidecar.program.wait().code == 0)
        #expect(upstream.accepted <= before + 1)
    }
}

@Suite("Access to details of the running program", .serialized, .timeLimit(.minutes(5)))
struct DetailTests {
    @Test(
        "The verdict is for everyone, the detail for those who may see it",
        arguments: [
            ("full", true), ("summary", false), ("10.0.0.0/8, ::1", false), ("10.0.0.0/8,127.0.0.0/8", true),
            ("127.0.0.1", true), ("0.0.0.0/0", true),
        ])
    func audience(detail: String, isShown: Bool) throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar([
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_DETAIL": detail,
        ])
        let response = try sidecar.get("/healthz")
        #expect(response.status == 500)
        let grafana = (try response.json()["services"] as? [String: [String: Any]])?["grafana"]
        #expect(grafana?["status"] as? String == "unhealthy")
        #expect(grafana.map { Set($0.keys) == ["status"] } == !isShown)
        #expect(response.body.contains("127.0.0.1") == isShown)
        let text = try sidecar.get("/healthz", fields: ["Accept: text/plain"]).body
        #expect(text == (isShown ? "Unhealthy: grafana (refused)\n" : "Unhealthy: grafana\n"))
    }

    @Test("A client with the token gets all details; one with a wrong token gets a warning")
    func token() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let token = "0123456789abcdef"
        let environment = [
            "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_DETAIL": "summary",
            "HEALTHZ_DETAIL_TOKEN_FILE": try folder.write("\(token)\n", to: "token"),
        ]
        let sidecar = try RunningSidecar(environment)
        for field in ["Authorization: Bearer \(token)", "authorization: bearer \(token)"] {
            #expect(try sidecar.get("/healthz", fields: [field]).body.contains("refused"))
        }
        for wrong in ["", "0123456789abcdeF", "0123456789abcde", "\(token)\(token)", "x"] {
            let response = try sidecar.get("/healthz", fields: ["Authorization: Bearer \(wrong)"])
            #expect(response.status == 500)
            #expect(!response.body.contains("refused"))
        }
        let warned = try sidecar.get("/healthz", fields: ["Authorization: Bearer x"])
        #expect(try warned.json()["warnings"] as? [String] == ["Authorization: not the token that shows the details"])
        #expect(try !sidecar.get("/healthz", fields: ["Authorization: Basic x"]).body.contains("warnings"))
        try folder.write("short\n", to: "token")
        let refused = try Program.run(["serve"], environment: environment)
        #expect(refused.code == 78)
        #expect(refused.errors.contains("has no token of at least 16 characters"))
        #expect(!refused.errors.contains("short"))
    }

    @Test("Clients of the socket's file get all details")
    func unixSocket() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let path = folder.path("s")
        let program = try Program(
            Program.healthz, ["--listen", "unix:\(path)", "--detail", "summary"],
            environment: ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        try program.waitForErrors("start") { $0.contains("listens on") }
        let client = try RawClient(path: path)
        try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readResponse().body.contains("refused"))
    }
}
