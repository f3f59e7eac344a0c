import Foundation
import TestSupport
import Testing

/// A Loki and a Tempo over their life, with bodies recorded from real ones: what `liveness` and `readiness` say of each
/// phase.
@Suite("Loki and Tempo over their life", .serialized, .timeLimit(.minutes(5)))
struct PhasesTests {
    struct Phase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The status and the body of `/ready`; nil where nobody listens. `/` is 404 all the time.
        let ready: (status: String, body: String)?
        let liveness: String?
        let readiness: String?
        /// Whether what `readiness` finds leaves the node in use.
        var isDegraded = false
    }

    static let phases = [
        Phase(testDescription: "before it listens", ready: nil, liveness: "refused", readiness: "refused"),
        Phase(
            testDescription: "starting, replaying its log",
            ready: ("503 Service Unavailable", "Some services are not Running:\nStarting: 4\nRunning: 9\n"),
            liveness: nil, readiness: "status"),
        Phase(
            testDescription: "15 s from the first probe on",
            ready: ("503 Service Unavailable", "Ingester not ready: waiting for 15s after being ready\n"),
            liveness: nil, readiness: "status"),
        Phase(
            testDescription: "no querier is connected (Tempo, for a moment at the start, or for good by its settings)",
            ready: (
                "503 Service Unavailable",
                "Query Frontend not ready: not ready: number of queriers connected to query-frontend is 0\n"
            ), liveness: nil, readiness: "status"),
        Phase(
            testDescription: "ready itself, and restarted while another instance of its ring is dead",
            ready: (
                "503 Service Unavailable", "Ingester not ready: instance 127.0.0.3:21001 past heartbeat timeout\n"
            ), liveness: nil, readiness: "peer", isDegraded: true),
        Phase(testDescription: "ready", ready: ("200 OK", "ready\n"), liveness: nil, readiness: nil),
        Phase(
            testDescription: "draining after SIGTERM, for up to 30 s",
            ready: ("503 Service Unavailable", "Application is stopping\n"), liveness: nil, readiness: "status"),
        Phase(
            testDescription: "a server of another kind has the port, and answers 200 to everything",
            ready: ("200 OK", "<title>Welcome</title> not ready\n"), liveness: nil, readiness: "body"),
        Phase(testDescription: "dead", ready: nil, liveness: "refused", readiness: "refused"),
    ]

    private static func response(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("What each preset says", arguments: phases)
    func verdicts(phase: Phase) throws {
        let closed = try ClosedPort()
        let upstream = try phase.ready.map { status, body in
            try FaultyUpstream([
                .readHead,
                .answer([
                    "/": Self.response("404 Not Found", "404 page not found\n"), "/ready": Self.response(status, body),
                ]),
            ])
        }
        defer { upstream?.stop() }
        let url = upstream?.url ?? closed.url
        let environment = ["GRAFANA_ENDPOINT": "", "LOKI_ENDPOINT": url, "TEMPO_ENDPOINT": url]
        for (preset, reason) in [("liveness", phase.liveness), ("readiness", phase.readiness)] {
            let sidecar = try RunningSidecar(environment.merging(["HEALTHZ_PRESET": preset]) { $1 })
            let response = try sidecar.get("/healthz")
            #expect(
                response.status == (reason == nil || preset == "readiness" && phase.isDegraded ? 200 : 500), "\(preset)"
            )
            #expect(try RunningSidecar.reasons(response) == ["loki": reason, "tempo": reason], "\(preset)")
        }
    }

    @Test("The start reports once what 404 on / cannot show, and the setting that shows it; readiness has no such hint")
    func notice() throws {
        let closed = try ClosedPort()
        let environment = ["LOKI_ENDPOINT": closed.url, "TEMPO_ENDPOINT": closed.url, "GRAFANA_ENDPOINT": ""]
        func log(_ more: [String: String], _ arguments: [String] = []) throws -> String {
            let sidecar = try RunningSidecar(environment.merging(more) { $1 }, arguments)
            _ = try sidecar.get("/healthz")
            _ = try sidecar.get("/healthz")
            sidecar.program.signal(SIGINT)
            return try sidecar.program.wait().errors
        }
        let word = "loki and tempo: judged by 404 on /"
        let log404 = try log([:])
        #expect(log404.components(separatedBy: word).count == 2)
        #expect(log404.contains("HEALTHZ_PRESET=readiness asks /ready instead"))
        #expect(try !log(["HEALTHZ_PRESET": "readiness"]).contains("judged by 404"))
        let folder = try Folder()
        let file = try folder.write(
            "services: {l: {url: '\(closed.url)/', accept: 404}, g: {url: '\(closed.url)/x', accept: 404}}",
            to: "healthz.yaml")
        #expect(try log([:], ["--config", file]).contains("l: judged by 404 on /"))
    }
}
