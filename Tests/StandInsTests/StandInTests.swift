import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import StandIns
import TestSupport
import Testing

@Suite("Stand-ins answer as the real servers were measured to", .timeLimit(.minutes(5)))
struct StandInTests {
    private let loop = EventLoop()

    private func port(_ url: String) throws -> UInt16 {
        try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
    }

    @Test("Grafana")
    func grafana() async throws {
        let standIn = StandIn(.grafana, on: loop)
        let port = try port(try await standIn.start())
        let well = try get("/api/health", port: port)
        #expect(well.status == 200)
        #expect(well.field("Content-Type") == "application/json; charset=UTF-8")
        #expect(well.field("Cache-Control") == "no-cache")
        #expect(well.field("Server") == nil)
        #expect(try well.json()["database"] as? String == "ok")
        #expect(try get("/api/health", port: port, method: "HEAD").status == 200)
        #expect(try get("/api/health", port: port, method: "POST").status == 404)
        #expect(try get("/api/health/", port: port).status == 401)
        #expect(try get("//api/health", port: port).status == 302)
        #expect(try get("/healthz", port: port).field("Location") == "/login")

        let failing = StandIn(.grafana, .failing, on: loop)
        let broken = try get("/api/health", port: try self.port(try await failing.start()))
        #expect(broken.status == 503)
        #expect(try broken.json()["database"] as? String == "failing")
    }

    @Test("Loki and Tempo on /", arguments: [StandIn.Service.loki, .tempo])
    func root(service: StandIn.Service) async throws {
        let standIn = StandIn(service, on: loop)
        let port = try port(try await standIn.start())
        let answer = try get("/", port: port)
        #expect(answer.status == 404)
        #expect(answer.body == "404 page not found\n")
        #expect(answer.field("Content-Type") == "text/plain; charset=utf-8")
        #expect(answer.field("X-Content-Type-Options") == "nosniff")
        #expect(answer.field("Content-Length") == "19")
        #expect(answer.field("Server") == nil)
        #expect(try get("/ready", port: port, method: "HEAD").status == 405)
        #expect(try get("/ready", port: port, method: "POST").status == 405)
    }

    @Test(
        "The fifteen seconds before ready begin at the first request for it",
        arguments: [
            (StandIn.Service.loki, "Ingester not ready: waiting for 15s after being ready\n"),
            (.tempo, "Ingester not ready: ingester check ready failed waiting for 15s after being ready\n"),
        ])
    func ready(service: StandIn.Service, words: String) async throws {
        var parser = RequestParser()
        let bytes = Array("GET /ready HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let head = try #require(try parser.parse(bytes.span)).head
        let standIn = StandIn(service, on: loop)
        let first = ContinuousClock.now + .seconds(40)
        let early = await standIn.answer(head, at: first)
        #expect(early.status == .serviceUnavailable)
        #expect(String(decoding: early.content, as: UTF8.self) == words)
        #expect(await standIn.answer(head, at: first + .milliseconds(14_999)).status == .serviceUnavailable)
        let late = await standIn.answer(head, at: first + .seconds(15))
        #expect(late.status == .ok)
        #expect(String(decoding: late.content, as: UTF8.self) == "ready\n")
    }

    @Test("A failing Loki or Tempo is not there", arguments: [StandIn.Service.loki, .tempo])
    func failing(service: StandIn.Service) async throws {
        let port = try port(try await StandIn(service, .failing, on: loop).start())
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }

    @Test(
        "Toggled, Loki and Tempo refuse connections, and come back on the same port",
        arguments: [StandIn.Service.loki, .tempo])
    func toggledServer(service: StandIn.Service) async throws {
        let standIn = StandIn(service, on: loop)
        let port = try port(try await standIn.start())
        #expect(try await standIn.toggle() == .failing)
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
        #expect(try await standIn.toggle() == .well)
        #expect(try get("/", port: port).status == 404)
    }

    @Test("Toggled, Grafana loses its database, and finds it again")
    func toggledGrafana() async throws {
        let standIn = StandIn(.grafana, .failing, on: loop)
        let port = try port(try await standIn.start())
        #expect(try await standIn.toggle() == .well)
        #expect(try get("/api/health", port: port).status == 200)
        #expect(try await standIn.toggle() == .failing)
        #expect(try get("/api/health", port: port).status == 503)
    }
}
