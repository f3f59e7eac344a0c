import Foundation
import TestSupport
import Testing

/// Descriptors that are used up, and those whose numbers are given out again.
@Suite("Descriptors of the running program", .serialized, .timeLimit(.minutes(5)))
struct DescriptorTests {
    private static let hasPrlimit = FileManager.default.isExecutableFile(atPath: "/usr/bin/prlimit")

    private func sidecar(_ environment: [String: String] = [:]) throws -> RunningSidecar {
        try RunningSidecar(
            ["GRAFANA_ENDPOINT": "", "LOKI_ENDPOINT": "http://127.0.0.1:1", "TEMPO_ENDPOINT": ""]
                .merging(environment) { $1 })
    }

    @Test(
        "Where descriptors run out, it says so once, goes on with the clients it has, and takes new ones when it can",
        .enabled(if: hasPrlimit, "prlimit is not installed"))
    func exhausted() throws {
        let sidecar = try sidecar()
        // It stays, so that no descriptor is counted that is about to be closed.
        let first = try RawClient(port: sidecar.port)
        try first.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.readResponse().status == 200)
        let limited = try Program(
            "/usr/bin/prlimit",
            ["--pid", "\(sidecar.program.identifier)", "--nofile=\(try sidecar.program.settledDescriptors() + 1):"]
        ).wait()
        #expect(limited.code == 0, "\(limited.errors)")
        let others = try (0..<5).map { _ in try RawClient(port: sidecar.port) }
        try sidecar.program.waitForErrors("exhaustion") { $0.contains("cannot accept connections") }
        for _ in 0..<3 {
            try first.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try first.readResponse().status == 200)
        }
        // At most one of them has a place.
        for client in others { try client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(others.filter(\.hasInput).count <= 1)
        // Each that has its answer makes way for another.
        first.reset()
        var left = others[...]
        while !left.isEmpty {
            try until("one of those that wait is answered") { left.contains { $0.hasInput } }
            let index = try #require(left.firstIndex { $0.hasInput })
            #expect(try left[index].readResponse().status == 200)
            left.remove(at: index).reset()
        }
        #expect(sidecar.program.errorText.components(separatedBy: "cannot accept connections").count == 2)
        let metrics = try sidecar.get("/metrics").body
        #expect(
            metrics.firstMatch(of: /healthz_connections_refused_total{reason="exhausted"} [1-9]/) != nil, "\(metrics)")
    }

    @Test(
        "For want of a descriptor, a probe cannot be made, which is no fault of the name, and not what it was before",
        .enabled(if: hasPrlimit, "prlimit is not installed"), arguments: ["loki.healthz-test.example", "127.0.0.1"])
    func probeWithoutDescriptor(host: String) throws {
        let sidecar = try sidecar(["LOKI_ENDPOINT": "http://\(host):1"])
        let client = try RawClient(port: sidecar.port)
        func ask() throws -> RawResponse {
            try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            return try client.readResponse()
        }
        #expect(try RunningSidecar.reasons(ask())["loki"] != "internal")
        // It counts numbers, and the first three are always taken.
        let limited = try Program("/usr/bin/prlimit", ["--pid", "\(sidecar.program.identifier)", "--nofile=3:"])
            .wait()
        #expect(limited.code == 0, "\(limited.errors)")
        let response = try ask()
        #expect(try RunningSidecar.reasons(response)["loki"] == "internal", "\(response.body)")
    }

    @Test("Started with hardly any descriptors, it answers again once its clients have gone", arguments: 1...6)
    func scarce(room: Int) throws {
        let limit = try sidecar().program.settledDescriptors() + room
        let program = try Program(
            "/bin/sh", ["-c", "ulimit -n \(limit); exec \"$0\"", Program.healthz],
            environment: [
                "HEALTHZ_LISTEN": "127.0.0.1:0", "GRAFANA_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_DRAIN": "0",
                "LOKI_ENDPOINT": "http://127.0.0.1:1",
            ])
        let port = try program.port()
        for client in try (0..<40).map({ _ in try RawClient(port: port) }) { client.reset() }
        #expect(try get("/livez", port: port).status == 200)
    }

    @Test("A connection kept for later probes is not watched: its descriptor may become a client's")
    func kept() throws {
        let ok = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        let upstreams = try (0..<3).map { _ in try FaultyUpstream([.readHead, .send(ok), .freeze]) }
        defer { for upstream in upstreams { upstream.stop() } }
        let folder = try Folder()
        let services = upstreams.enumerated().map { "  s\($0): {url: '\($1.url)/', accept: 404}\n" }.joined()
        let file = try folder.write("reuse_connections: on\nservices:\n\(services)", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", file])
        let client = try RawClient(port: sidecar.port)
        let request = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        try client.send(request)
        #expect(try client.readResponse().status == 200)
        let (descriptors, watched) = (try sidecar.program.settledDescriptors(), sidecar.program.watchedDescriptors)
        #expect(watched > 0)
        try client.send(request.replacing("livez", with: "healthz"))
        #expect(try client.readResponse().status == 200)
        #expect(try sidecar.program.settledDescriptors() == descriptors + 3, "the connections are there")
        #expect(sidecar.program.watchedDescriptors == watched)
    }
}
