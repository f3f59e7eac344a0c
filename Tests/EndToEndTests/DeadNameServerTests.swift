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
        let tempo = try Nginx(.lokiOrTempo)
        let program = try sidecar([
            "GRAFANA_ENDPOINT": "http://grafana.healthz-test.example:3000",
            "LOKI_ENDPOINT": "http://loki.healthz-test.example:3100", "TEMPO_ENDPOINT": tempo.url,
            "HEALTHZ_TIMEOUT": "2s", "HEALTHZ_DEADLINE": "3s",
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

    @Test(
        "Half an answer will do: a service is healthy while questions of one type are dropped",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"), arguments: [1, 28] as [UInt8])
    func half(answered: UInt8) throws {
        let server = try HalfNameServer(descriptor: silentNameServer(), answering: answered)
        defer { server.stop() }
        let host = answered == 1 ? "127.0.0.1" : "::1"
        let upstream = try FaultyUpstream(
            [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], host: host)
        defer { upstream.stop() }
        let program = try sidecar([
            "GRAFANA_ENDPOINT": "http://grafana.healthz-test.example:\(upstream.port)", "LOKI_ENDPOINT": "",
            "TEMPO_ENDPOINT": "", "HEALTHZ_TIMEOUT": "2s", "HEALTHZ_DEADLINE": "3s",
        ])
        let port = try program.port()
        for _ in 0..<20 { #expect(try get("/healthz", port: port).status == 200) }
        #expect(upstream.accepted >= 1)
        // Without any answer, it is the name servers' silence.
        server.keepSilent()
        let response = try get("/healthz", port: port)
        #expect(response.status == 500)
        #expect(response.body.contains("no answer from the name servers within 2 s"))
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    /// The program, with that name server alone.
    private func sidecar(_ environment: [String: String]) throws -> Program {
        let folder = try Folder()
        let resolv = try folder.write("nameserver \(Self.address)\noptions timeout:20 attempts:1\n", to: "resolv.conf")
        let program = try Program(
            "/usr/bin/unshare",
            ["--mount", "sh", "-c", "mount --bind \(resolv) /etc/resolv.conf && exec \(Program.healthz)"],
            environment: environment.merging(["HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_DRAIN": "0"]) { $1 })
        // The file is bound by then.
        _ = try program.port()
        return program
    }

    private func silentNameServer() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // The one before may not be let go of yet.
        try until("port 53") { (try? RawAddress(Self.address, port: 53).bind(descriptor)) != nil }
        return descriptor
    }
}

/// A name server that answers questions of one type, A or AAAA, with an address of loopback, and drops all others.
private final class HalfNameServer: Sendable {
    private let descriptor: Int32
    /// 0 for none.
    private let type: Guarded<UInt8>
    private let isServing = Guarded(true)

    init(descriptor: Int32, answering type: UInt8) {
        self.descriptor = descriptor
        let type = Guarded(type)
        self.type = type
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 512)
            while true {
                var sender = sockaddr_in()
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let count = withUnsafeMutablePointer(to: &sender) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                    }
                }
                guard count > 0 else { return }
                guard let answer = Self.answer(Array(buffer[..<count]), type.withLock { $0 }) else { continue }
                _ = withUnsafeMutablePointer(to: &sender) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, answer, answer.count, 0, $0, length)
                    }
                }
            }
        }
    }

    /// From now on, questions of any type are dropped.
    func keepSilent() {
        type.withLock { $0 = 0 }
    }

    func stop() {
        let isFirst = isServing.withLock { value in
            defer { value = false }
            return value
        }
        guard isFirst else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// RFC 1035 §4: the head, the question as it came, and one record that points to its name. nil where it is dropped.
    private static func answer(_ query: [UInt8], _ type: UInt8) -> [UInt8]? {
        var end = 12
        while end < query.count, query[end] != 0 { end += Int(query[end]) + 1 }
        end += 5
        guard end <= query.count, query[end - 3] == type else { return nil }
        let address: [UInt8] = type == 1 ? [127, 0, 0, 1] : [UInt8](repeating: 0, count: 15) + [1]
        return query[..<2] + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + query[12..<end]
            + [0xC0, 0x0C, 0, type, 0, 1, 0, 0, 0, 0, 0, UInt8(address.count)] + address
    }
}
