import Foundation
import TestSupport
import Testing

@Suite("A night in the log", .serialized, .timeLimit(.minutes(2)))
struct NightTests {
    private static func answer(_ status: String, _ body: String = "") -> [FaultyUpstream.Step] {
        [.readHead, .send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]
    }

    private let grafana: FaultyUpstream
    private var loki: FaultyUpstream
    private let sidecar: RunningSidecar
    private let folder: Folder

    init() throws {
        grafana = try FaultyUpstream(Self.answer("200 OK"))
        loki = try FaultyUpstream(Self.answer("200 OK", "ready\n"))
        folder = try Folder()
        let file = try folder.write(Self.configuration(grafana, loki), to: "healthz.yaml")
        sidecar = try RunningSidecar(["HEALTHZ_TIMEOUT": "2s", "HEALTHZ_DEADLINE": "2s"], ["--config", file])
    }

    private static func configuration(_ grafana: FaultyUpstream, _ loki: FaultyUpstream, more: String = "") -> String {
        """
        interval: 100ms
        stale_after: 2200ms
        drain: 100ms
        services:
          grafana: {url: \(grafana.url)/}
          loki: {preset: loki-ready, endpoint: \(loki.url)}
        \(more)
        """
    }

    @Test("The night in docs/operations.md is what healthz writes")
    mutating func night() throws {
        try peerDies()
        try lokiDies()
        try standsStill()
        try reloads()
        sidecar.program.signal(SIGTERM)
        let ended = try sidecar.program.wait()
        #expect(ended.code == 0)
        let night = try Repository.text("docs/operations.md").split(separator: "```text\n")[1].split(separator: "```")[
            0]
        #expect(Self.shape(of: ended.errors) == Self.shape(of: String(night)))
    }

    private func peerDies() throws {
        try wait("the start", for: "the node is healthy")
        let body = "Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout\n"
        loki.change(to: Self.answer("503 Service Unavailable", body))
        try wait("the peer", for: "the node is degraded")
    }

    private mutating func lokiDies() throws {
        let port = loki.port
        loki.stop()
        try wait("its end", for: "the node is unhealthy")
        loki = try FaultyUpstream(Self.answer("200 OK", "ready\n"), port: port)
        try wait("its return", for: "the node is healthy", times: 2)
    }

    private func standsStill() throws {
        sidecar.program.signal(SIGSTOP)
        // Time that has to pass: the report's age is real.
        usleep(2_400_000)
        sidecar.program.signal(SIGCONT)
        try wait("the recovery", for: "the node is healthy", times: 3)
    }

    private func reloads() throws {
        let mistakes = "  pyroscope: {url: pyroscope:4040, acept: 200}\n"
        _ = try folder.write(Self.configuration(grafana, loki, more: mistakes), to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try wait("the refusal", for: "stays in force")
        _ = try folder.write(Self.configuration(grafana, loki), to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try wait("the reload", for: "is in force, for")
    }

    private func wait(_ what: String, for text: String, times: Int = 1) throws {
        try sidecar.program.waitForErrors(what) { $0.components(separatedBy: text).count > times }
    }

    /// The lines without times, durations and addresses. A server that ends may also reset its last connection, and the first
    /// results come in any order.
    private static func shape(of log: String) -> [String] {
        var lines = log.split(separator: "\n").map(String.init).map { line in
            line.replacing(/^\S+Z\ /, with: "")
                .replacing(/\d+(\.\d+)? ?(ms|s|min|h|d)\b/, with: "TIME")
                .replacing(/\d+\.\d+\.\d+\.\d+:\d+/, with: "ADDRESS")
                .replacing(/error   \S*healthz\.yaml:/, with: "error   healthz.yaml:")
                .replacing("(reset)", with: "(refused)")
                .replacing(
                    "reset: connection reset while waiting for the response",
                    with: "refused: connection refused by ADDRESS")
        }
        if lines.count > 3 { lines[1...2].sort() }
        return lines
    }
}
