import Dispatch
import EventLoop
import Foundation
import HTTPTypes
import HTTPWire
import Sockets
import TestSupport
import Testing

@testable import HTTPServer

@Suite("The server's limits", .timeLimit(.minutes(5)))
struct LimitTests {
    private let loop = EventLoop()
    private let reached = Reached()

    /// What the server told of, in order.
    private final class Reached: Sendable {
        private let told = Guarded<[String]>([])

        @Sendable func add(_ limit: LimitReached) {
            let name =
                switch limit {
                case .connections: "connections"
                case .connectionsPerClient(let peer): "connections of \(peer.host ?? "unix")"
                case .requestsPerConnection: "requests"
                case .pipelinedRequests: "pipelined"
                case .idleTimeout: "idle"
                case .exhausted: "exhausted"
                case .refusal(let error): "refusal \(error)"
                case .writeTimeout: "write timeout"
                }
            told.withLock { $0.append(name) }
        }

        var all: [String] { told.withLock { $0 } }
    }

    private func start(
        on host: String = "127.0.0.1", _ change: (inout ServerLimits) -> Void, handler: @escaping Server.Handler
    ) async throws -> (Server, UInt16) {
        var limits = ServerLimits()
        change(&limits)
        let server = Server(on: loop, limits: limits, limitReached: reached.add, handler: handler)
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: host, port: 0)) else {
            return (server, 0)
        }
        return (server, port)
    }

    private static let ok: Server.Handler = { _, _, _ in .text(.ok, "ok") }
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func ask(_ client: RawClient) throws -> Int {
        try client.send(Self.request)
        return try client.readResponse().status
    }

    @Test("At the connection limit, the longest-idle connection is closed")
    func oldestIdle() async throws {
        let (server, port) = try await start({ $0.connections = 4 }, handler: Self.ok)
        let clients = try (0..<4).map { _ in try RawClient(port: port) }
        for client in clients { #expect(try ask(client) == 200) }
        #expect(try ask(clients[0]) == 200)
        let new = try RawClient(port: port)
        #expect(try ask(new) == 200)
        #expect(try clients[1].readToEnd() == "", "the first has asked again since")
        for client in [clients[0], clients[2], clients[3], new] { #expect(try ask(client) == 200) }
        #expect(reached.all == ["connections"])
        await server.stop(within: .zero)
    }

    @Test("At the connection limit, slow requests are closed after idle connections")
    func dribbling() async throws {
        let (server, port) = try await start({ $0.connections = 3 }, handler: Self.ok)
        let idle = try RawClient(port: port)
        #expect(try ask(idle) == 200)
        let dribbling = try (0..<2).map { _ in try RawClient(port: port) }
        for client in dribbling { try client.send("GET / HTTP/1.1\r\nHo") }
        for number in 0..<5 {
            let new = try RawClient(port: port)
            #expect(try ask(new) == 200, "\(number)")
            if number == 0 { #expect(try idle.readToEnd() == "") }
        }
        // What waits longest now are those two: all who came after the idle one have taken each other's places.
        let others = try (0..<3).map { _ in try RawClient(port: port) }
        for client in others { #expect(try ask(client) == 200) }
        for client in dribbling { #expect(try client.readToEnd() == "") }
        await server.stop(within: .zero)
    }

    @Test("A connection that is being answered is kept, and a new client waits")
    func answering() async throws {
        let gate = Guarded<[any Reply]>([])
        let (server, port) = try await start({ $0.connections = 2 }) { head, _, reply in
            guard case .origin("/later", _) = head.target else { return .text(.ok, "ok") }
            gate.withLock { $0.append(reply) }
            return nil
        }
        let busy = try (0..<2).map { _ in try RawClient(port: port) }
        for client in busy { try client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n") }
        try await waitUntil("both are being answered") { gate.withLock { $0.count } == 2 }
        let new = try RawClient(port: port)
        try new.send(Self.request)
        try await waitUntil("the limit is reached") { reached.all.contains("connections") }
        #expect(!new.hasInput)
        let replies = gate.withLock { $0 }
        loop.run { for reply in replies { reply.send(.text(.ok, "later")) } }
        for client in busy { #expect(try client.readResponse().body == "later") }
        #expect(try new.readResponse().status == 200, "one that is answered has become idle, and gives way")
        await server.stop(within: .zero)
    }

    /// More than a client's and a server's system take together before anybody reads.
    private static let large = Response.text(.ok, String(repeating: "x", count: 32 << 20))

    private static let largeOrOk: Server.Handler = { head, _, _ in
        guard case .origin("/large", _) = head.target else { return .text(.ok, "ok") }
        return large
    }

    @Test(
        "Those that take nothing of their answer give way, among all and among one address' own",
        arguments: [(3, 100), (100, 3)])
    func stalled(connections: Int, ofClient: Int) async throws {
        let (server, port) = try await start(
            { ($0.connections, $0.connectionsPerClient, $0.writeTimeout) = (connections, ofClient, .seconds(3600)) },
            handler: Self.largeOrOk)
        let stalled = try (0..<3).map { _ in try RawClient(port: port) }
        for client in stalled {
            try client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            try await waitUntil("its answer has begun") { client.hasInput }
        }
        let new = try RawClient(port: port)
        #expect(try ask(new) == 200)
        // Behind what it has been sent, there is an end or a reset.
        _ = try? stalled[0].readToEnd()
        // Now that one is idle, it is who gives way.
        #expect(try ask(RawClient(port: port)) == 200)
        #expect(try new.readToEnd() == "")
        let tally = await server.tally
        #expect((connections == 3 ? tally.connections : tally.connectionsPerClient) == 2)
        await server.stop(within: .zero)
    }

    @Test("A client that pipelines and does not read gets no further answers, and is disconnected in time")
    func sendingAhead() async throws {
        let answers = Guarded(0)
        let loop = loop
        let (server, port) = try await start({ $0.writeTimeout = .milliseconds(300) }) { _, _, reply in
            answers.withLock { $0 += 1 }
            loop.run { reply.send(Self.large) }
            return nil
        }
        let client = try RawClient(port: port)
        try client.send(String(repeating: Self.request, count: 100))
        try await waitUntil("it is cut off") { reached.all.contains("write timeout") }
        #expect(answers.withLock { $0 } == 1)
        #expect(await server.openConnections == 0)
        #expect(await server.tally.writeTimeouts == 1)
        await server.stop(within: .zero)
    }

    @Test("A client with many pipelined requests does not delay others, and gets all answers in order")
    func turns() async throws {
        let order = Guarded<[String]>([])
        let (blocked, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let (server, port) = try await start({ $0.pipelinedRequests = 4 }) { head, _, _ in
            guard case .origin(let path, _) = head.target else { return .text(.ok, "*") }
            if path == "/block" {
                blocked.signal()
                _ = release.wait(timeout: .now() + 20)
            }
            order.withLock { $0.append(path) }
            return .text(.ok, path)
        }
        let (blocker, much, other) = (
            try RawClient(port: port), try RawClient(port: port), try RawClient(port: port)
        )
        for client in [much, other] { #expect(try ask(client) == 200) }
        // While the loop is held up, both come, and so are there together.
        try blocker.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(blocked.wait(timeout: .now() + 20) == .success)
        try much.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        try other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
        release.signal()
        #expect(try other.readResponse().body == "/other")
        for number in 0..<100 { #expect(try much.readResponse().body == "/\(number)") }
        let first = order.withLock { $0.drop { $0 != "/block" }.dropFirst() }
        #expect(first.prefix(5).contains("/other"), "\(first.prefix(8))")
        #expect(reached.all.contains("pipelined"))
        await server.stop(within: .zero)
    }

    @Test("A connection that waits too long for its next request is closed, and reported")
    func idle() async throws {
        let (server, port) = try await start({ $0.idleTimeout = .milliseconds(50) }, handler: Self.ok)
        let client = try RawClient(port: port)
        #expect(try ask(client) == 200)
        #expect(try client.readToEnd() == "")
        #expect(reached.all == ["idle"])
        await server.stop(within: .zero)
    }

    @Test("One address cannot take all connections: its own longest-idle one is closed, and others are not")
    func perClient() async throws {
        let (server, port) = try await start(
            on: "::", { ($0.connections, $0.connectionsPerClient) = (100, 2) }, handler: Self.ok)
        let other = try RawClient(port: port, host: "::1")
        #expect(try ask(other) == 200)
        let mine = try (0..<2).map { _ in try RawClient(port: port) }
        for client in mine { #expect(try ask(client) == 200) }
        let third = try RawClient(port: port)
        #expect(try ask(third) == 200)
        #expect(try mine[0].readToEnd() == "")
        for client in [other, mine[1], third] { #expect(try ask(client) == 200) }
        #expect(reached.all == ["connections of 127.0.0.1"])
        await server.stop(within: .zero)
    }

    @Test("Only so many requests are answered on a connection, and the last answer says so")
    func requests() async throws {
        let (server, port) = try await start({ $0.requestsPerConnection = 3 }, handler: Self.ok)
        let client = try RawClient(port: port)
        try client.send(String(repeating: Self.request, count: 5))
        for number in 1...3 {
            #expect(try client.readResponse().field("Connection") == (number == 3 ? "close" : nil))
        }
        #expect(try client.readToEnd() == "")
        #expect(reached.all == ["requests"])
        await server.stop(within: .zero)
    }

    @Test("Limits that are changed hold from then on; what is refused is told")
    func adopt() async throws {
        let (server, port) = try await start({ _ in }, handler: Self.ok)
        let before = try RawClient(port: port)
        var limits = ServerLimits()
        limits.machine.head.fieldLines = 1
        await server.adopt(limits)
        let fields = "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"
        try before.send(fields)
        let after = try RawClient(port: port)
        try after.send(fields)
        #expect(try after.readResponse().status == 431)
        #expect(reached.all.contains("refusal there are too many field lines"))
        await server.stop(within: .zero)
    }
}
