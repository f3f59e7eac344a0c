import Foundation
import TestSupport
import Testing

@Suite("The fields of healthz's answers", .serialized, .timeLimit(.minutes(5)))
struct AnswerTests {
    private static func sidecar() throws -> RunningSidecar {
        let closed = try ClosedPort()
        return try RunningSidecar(["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
    }

    @Test("Answers of every status have a date, no-store and nosniff")
    func common() throws {
        let sidecar = try Self.sidecar()
        let asked = [
            ("GET", "/livez", 200), ("GET", "/healthz", 500), ("GET", "/x", 404), ("GET", "/healthz/x", 404),
            ("POST", "/livez", 405), ("OPTIONS", "*", 405), ("HEAD", "/livez", 200), ("HEAD", "/x", 404),
        ]
        for (method, target, status) in asked {
            let answer = try get(target, port: sidecar.port, method: method)
            #expect(answer.status == status, "\(method) \(target)")
            #expect(answer.field("Date")?.hasSuffix(" GMT") == true)
            #expect(answer.field("Cache-Control") == "no-store")
            #expect(answer.field("X-Content-Type-Options") == "nosniff")
            #expect(answer.field("Content-Type") != nil && answer.field("Content-Length") != nil)
            #expect(answer.field("Allow") == (status == 405 ? "GET, HEAD" : nil))
            for name in ["ETag", "Last-Modified", "Server", "Transfer-Encoding", "Accept-Ranges"] {
                #expect(answer.field(name) == nil)
            }
        }
    }

    @Test("Only answers that depend on Accept have Vary")
    func vary() throws {
        let sidecar = try Self.sidecar()
        let json = try sidecar.get("/healthz")
        let text = try sidecar.get("/healthz", fields: ["Accept: text/plain, application/json;q=0.5"])
        #expect(json.field("Content-Type") == "application/json")
        #expect(text.field("Content-Type") == "text/plain; charset=utf-8")
        let vary = "Accept, Sec-Fetch-Mode, Upgrade-Insecure-Requests"
        #expect(json.field("Vary") == vary && text.field("Vary") == vary)
        #expect(try sidecar.get("/healthz", fields: ["Accept: image/png"]).field("Content-Type") == "application/json")
        #expect(try sidecar.get("/livez", fields: ["Accept: application/json"]).field("Vary") == nil)
    }

    @Test("HEAD has the fields of GET")
    func head() throws {
        let sidecar = try Self.sidecar()
        func fields(_ method: String, _ target: String) throws -> [String] {
            try get(target, port: sidecar.port, method: method).head.components(separatedBy: "\r\n")
                .filter { !$0.hasPrefix("Date: ") }
        }
        for target in ["/livez", "/readyz", "/x", "/healthz/x"] {
            #expect(try fields("HEAD", target) == fields("GET", target), "\(target)")
        }
    }
}
