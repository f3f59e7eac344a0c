import Foundation
import TestSupport
import Testing

@Suite("Consul by serve", .serialized, .timeLimit(.minutes(5)))
struct ConsulServiceTests {
    private static let ok: [FaultyUpstream.Step] = [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    private static let ill: [FaultyUpstream.Step] = [.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")]

    private let upstreams: [FaultyUpstream]
    private let folder: Folder

    init() throws {
        upstreams = [try FaultyUpstream(Self.ok), try FaultyUpstream(Self.ok)]
        folder = try Folder()
    }

    private func serve(_ section: String, _ environment: [String: String]) throws -> RunningSidecar {
        let path = try folder.write(
            """
            interval: 100ms
            drain: 0
            services:
              grafana: {url: "\(upstreams[0].url)/"}
              loki: {url: "\(upstreams[1].url)/"}
            discovery:
              consul:
            \(section)
            """, to: "healthz.yaml")
        return try RunningSidecar(environment, ["--config", path])
    }

    @Test("Each of several services has a check of its own with its own verdict")
    func services() throws {
        let consul = try ConsulStandIn()
        let sidecar = try serve(
            """
                tags: [prod]
                services:
                  grafana: {service_id: g, port: 3000}
                  loki: {service_id: l, port: 3100, tags: [logs]}
                  node: {service_id: n, verdict: node}
            """, ["CONSUL_HTTP_ADDR": consul.url])
        try until("registered") { ["g", "l", "n"].allSatisfy { consul.status($0) == "passing" } }
        #expect(consul.port("l") == 3100 && consul.tags("l") == ["logs"] && consul.tags("g") == ["prod"])
        upstreams[1].change(to: Self.ill)
        try until("one is ill") { consul.status("l") == "critical" && consul.status("n") == "critical" }
        #expect(consul.status("g") == "passing" && consul.output("g") == "Healthy!")
        #expect(consul.output("l") == "Unhealthy: loki (status)")
        sidecar.program.signal(SIGTERM)
        #expect(try sidecar.program.wait().code == 0)
        #expect(consul.identifiers.isEmpty && consul.faults.isEmpty)
    }

    @Test("The address can be host and port, a URL, or a UNIX socket", arguments: ["plain", "url", "unix", "file"])
    func addresses(kind: String) throws {
        let path = folder.path("agent.sock")
        let consul = try ConsulStandIn(path: kind == "unix" ? path : nil)
        let variables = [
            "plain": "127.0.0.1:\(consul.port)", "url": "http://127.0.0.1:\(consul.port)", "unix": "unix://\(path)",
        ]
        var section = "    service: grafana\n    service_id: g"
        if kind == "file" { section += "\n    address: \(consul.url)" }
        let sidecar = try serve(section, variables[kind].map { ["CONSUL_HTTP_ADDR": $0] } ?? [:])
        try until("registered") { consul.status("g") == "passing" }
        sidecar.program.signal(SIGINT)
        #expect(try sidecar.program.wait().code == 0)
        #expect(consul.identifiers.isEmpty)
    }

    @Test("A token comes from its file, goes into a field alone, and is read again when it is refused")
    func token() throws {
        let consul = try ConsulStandIn()
        consul.change { $0.token = "the-second-token" }
        let file = try folder.write("the-first-token\n", to: "token")
        let sidecar = try serve(
            "    service: grafana\n    service_id: g\n    token_file: token",
            ["CONSUL_HTTP_ADDR": consul.url, "CONSUL_HTTP_TOKEN": "not this one", "HEALTHZ_LOG_LEVEL": "debug"])
        try sidecar.program.waitForErrors("refused") { $0.contains("ACL not found") }
        _ = try folder.write("the-second-token\n", to: "token")
        sidecar.program.signal(SIGHUP)
        try until("registered") { consul.status("g") == "passing" }
        sidecar.program.signal(SIGTERM)
        let ended = try sidecar.program.wait()
        #expect(ended.code == 0 && consul.identifiers.isEmpty && consul.faults.isEmpty)
        #expect(!ended.errors.contains("-token\"") && !ended.errors.contains("the-first-token"))
        #expect(!ended.errors.contains("the-second-token") && !file.isEmpty)
    }

    @Test("With check: http the agent asks healthz itself, for each service by its path")
    func httpCheck() throws {
        let consul = try ConsulStandIn()
        let sidecar = try serve(
            """
                check: http
                url: http://127.0.0.1:8080/healthz
                services:
                  loki: {service_id: l}
                  node: {service_id: n, verdict: node}
            """, ["CONSUL_HTTP_ADDR": consul.url])
        try until("registered") { consul.identifiers == ["l", "n"] }
        #expect(consul.checkURL("l") == "http://127.0.0.1:8080/healthz/loki")
        #expect(consul.checkURL("n") == "http://127.0.0.1:8080/healthz")
        #expect(consul.updates.isEmpty)
        sidecar.program.signal(SIGTERM)
        #expect(try sidecar.program.wait().code == 0)
    }
}
