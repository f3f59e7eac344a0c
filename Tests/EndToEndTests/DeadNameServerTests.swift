import Foundation
import TestSupport
import Testing

/// A machine whose only name server takes questions and never answers: a resolv.conf of its own, bound over the
/// machine's in a mount namespace, that names an address of loopback where the test listens and keeps silent.
@Suite("A dead name server", .serialized, .timeLimit(.minutes(5)))
struct DeadNameServerTests {
    /// Of this process alone: name servers have one port, and tests of another copy may run beside these.
    private static let address = "127.53.\(getpid() >> 8 & 0xFF).\(getpid() & 0xFF)"

    /// Why this cannot be tried here; nil where it can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root: a mount namespace and port 53" }
        let tried = try? Program("/usr/bin/unshare", ["--mount", "true"]).wait()
        return tried?.code == 0 ? nil : "needs a mount namespace, which unshare cannot make here"
    }()

    @Test(
        "It delays no other answer, and the cause is dns",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func dead() throws {
        let silent = try silentNameServer()
        defer { close(silent) }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dns-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let resolv = folder.appendingPathComponent("resolv.conf")
        try "nameserver \(Self.address)\noptions timeout:20 attempts:1\n".write(
            to: resolv, atomically: true, encoding: .utf8)

        let tempo = try Nginx(.lokiOrTempo)
        let program = try Program(
            "/usr/bin/unshare",
            ["--mount", "sh", "-c", "mount --bind \(resolv.path) /etc/resolv.conf && exec \(Program.healthz)"],
            environment: [
                "GRAFANA_ENDPOINT": "http://grafana.healthz-test.example:3000",
                "LOKI_ENDPOINT": "http://loki.healthz-test.example:3100", "TEMPO_ENDPOINT": tempo.url,
                "HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_TIMEOUT": "2s", "HEALTHZ_DEADLINE": "3s",
                "HEALTHZ_DRAIN": "0",
            ])
        let port = try program.port()

        for _ in 1...2 {
            let waiting = try RawClient(port: port)
            try waiting.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in 0..<10 {
                #expect(try get("/livez", port: port).status == 200)
                #expect(try get("/healthz/tempo", port: port).status == 200)
            }
            #expect(!waiting.hasInput, "all that was answered while the check still waited for names")
            let start = ContinuousClock.now
            let response = try waiting.readResponse()
            #expect(ContinuousClock.now - start < .seconds(15), "the resolver's own timeout is 20 s")
            #expect(response.status == 500)
            #expect(try RunningSidecar.reasons(response) == ["grafana": "dns", "loki": "dns", "tempo": nil])
            #expect(response.body.contains("no answer from the name servers within 2 s"))
        }
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    private func silentNameServer() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try RawAddress(Self.address, port: 53).bind(descriptor)
        return descriptor
    }
}
