import Foundation
import TestSupport
import Testing

/// What `HEALTHZ_PRESET=deep` says of a Loki whose `/ready` is 200 all the time.
@Suite("Deep checks", .serialized, .timeLimit(.minutes(5)))
struct DeepTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// nginx's words for the write path and the read path.
        let write: String
        let read: String
        /// By check: its reason.
        let reasons: [String: String]
    }

    private static let answer = #"{"status":"success","data":["service_name"]}"#

    static let cases = [
        Case(testDescription: "well", write: "return 204;", read: "return 200 '\(answer)';", reasons: [:]),
        Case(
            testDescription: "its disk is full: every line is refused",
            write: "return 503 '\u{12}:rpc error: code = Unknown desc = Ingester is shutting down';",
            read: "return 200 '\(answer)';", reasons: ["write": "status"]),
        Case(
            testDescription: "no querier, or the ingester of some streams is dead", write: "return 204;",
            read: "return 504 'context deadline exceeded';",
            reasons: ["read": "status"]),
        Case(
            testDescription: "a server of another kind that answers 200 to everything", write: "return 200 'hello';",
            read: "return 200 'hello';", reasons: ["write": "body", "read": "body"]),
    ]

    @Test("A Loki that is ready, but does not work", arguments: cases)
    func loki(state: Case) throws {
        let server = try Nginx(
            .init(
                """
                location = /ready { return 200 "ready\\n"; }
                location = /otlp/v1/logs {
                    if ($http_content_type != "application/json") { return 415; }
                    if ($request_method != POST) { return 405; }
                    \(state.write)
                }
                location = /loki/api/v1/labels { \(state.read) }
                """))
        let ended = try Program.run(
            ["check", "loki", "--format", "json"],
            environment: [
                "HEALTHZ_PRESET": "deep", "LOKI_ENDPOINT": server.url, "HEALTHZ_TIMEOUT": "20s",
                "HEALTHZ_DEADLINE": "20s",
            ])
        #expect(ended.code == (state.reasons.isEmpty ? 0 : 1))
        let json = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
        let services = json?["services"] as? [String: [String: Any]]
        let checks = try #require(services?["loki"]?["instances"] as? [String: [String: Any]])
        #expect(Set(checks.keys) == ["ready", "write", "read"])
        #expect(checks.compactMapValues { $0["reason"] as? String } == state.reasons)
    }

    @Test(
        "A span counts as accepted where the answer is that of OpenTelemetry's protocol",
        arguments: [
            (#"200 '{"partialSuccess":{}}'"#, nil), ("200 '<h1>Welcome</h1>'", "body"),
            (#"503 '{"code":14,"message":"no org id"}'"#, "status"),
        ])
    func spans(answer: String, reason: String?) throws {
        let server = try Nginx(.init("location = /v1/traces { return \(answer); }"))
        let folder = try Folder()
        let file = try folder.write(
            "services: {tempo: {preset: tempo-write, endpoint: '\(server.url)'}}", to: "healthz.yaml")
        let ended = try Program.run(
            ["check", "--config", file, "--format", "json"],
            environment: ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s"])
        let json = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
        let services = try #require(json?["services"] as? [String: [String: Any]])
        #expect(services["tempo"]?["reason"] as? String == reason)
    }
}
