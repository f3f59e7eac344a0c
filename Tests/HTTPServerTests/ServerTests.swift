import Dispatch
import EventLoop
import Foundation
import HTTPServer
import HTTPTypes
import HTTPWire
import Sockets
import TestSupport
import Testing

/// Answers that wait until the test lets them go. On the server's loop, as clients of other tests that wait in a
/// blocking read have the threads of the global pool.
private actor Gate {
    nonisolated let loop: EventLoop
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var arrived = 0
    private var expected: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func pass() async {
        arrived += 1
        if let expected, arrived >= expected.count {
            self.expected = nil
            expected.continuation.resume()
        }
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func untilArrived(_ count: Int) async {
        if arrived < count { await withCheckedContinuation { expected = (count, $0) } }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

@Suite("The server over real sockets", .serialized, .timeLimit(.minutes(5)))
struct ServerTests {
    private static let request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    private let loop: EventLoop
    private let gate: Gate

    init() {
        loop = EventLoop()
        gate = Gate(on: loop)
    }

    /// Answers with the path; `/later` when the gate opens, `/early` before the handler returns, `/twice` two times, `/big`
    /// with a megabyte.
    private func start(_ limits: ServerLimits = .init(), on host: String = "127.0.0.1") async throws -> (
        Server, UInt16
    ) {
        let (gate, loop) = (gate, loop)
        let big = Response.text(.ok, String(repeating: "x", count: 1 << 20))
        let server = Server(on: loop, limits: limits) { head, _, reply in
            guard case .origin(let path, _) = head.target else { return .text(.ok, "*") }
            switch path {
            case "/later":
                Task {
                    await gate.pass()
                    loop.run { reply.send(.text(.ok, path)) }
                }
                return nil
            case "/early":
                reply.send(.text(.ok, path))
                return nil
            case "/twice":
                loop.run { for number in 1...2 { reply.send(.text(.ok, "\(number)")) } }
                return nil
            case "/big": return big
            default: return .text(.ok, path)
            }
        }
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: host, port: 0)) else {
            return (server, 0)
        }
        return (server, port)
    }

    private func quick(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test("Requests on one connection are answered one after the other, and the connection stays open")
    func keepAlive() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        for _ in 0..<3 {
            try client.send(Self.request)
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response.body == "/x")
            #expect(response.field("Date")?.hasSuffix(" GMT") == true)
            #expect(response.field("Connection") == nil)
        }
    }

    @Test("Pipelined requests are answered in order, also if an answer has to wait")
    func pipelining() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\nHEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        #expect(try client.readResponse().body == "/1")
        await gate.open()
        #expect(try client.readResponse().body == "/later")
        let head = try client.readResponse(hasContent: false)
        #expect(head.field("Content-Length") == "2")
        try client.send(Self.request)
        #expect(try client.readResponse().body == "/x")
    }

    @Test("Pipelined requests for large answers are all answered, as fast as the client takes them")
    func backpressure() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", count: 16))
        for _ in 0..<16 { #expect(try client.readResponse().body.utf8.count == 1 << 20) }
    }

    @Test(
        "HTTP/1.0 and Connection: close end the connection after the answer",
        arguments: [
            "GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ])
    func close(request: String) async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send(request)
        let all = try client.readToEnd()
        #expect(all.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(all.hasSuffix("\r\n\r\n/x"))
        #expect(all.contains("\r\nConnection: close\r\n"))
    }

    @Test("A response that is sent before its handler returns is written, however many requests ask for it in one go")
    func early() async throws {
        let (server, port) = try await start()
        let client = try RawClient(port: port)
        let count = 1000
        try client.send(String(repeating: "GET /early HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
        for _ in 0..<count { #expect(try client.readResponse().body == "/early") }
        await server.stop(within: .zero)
    }

    @Test("A second response to a request is not taken for the response to the next")
    func twice() async throws {
        let (server, port) = try await start()
        let client = try RawClient(port: port)
        try client.send("GET /twice HTTP/1.1\r\nHost: a\r\n\r\nGET /twice HTTP/1.1\r\nHost: a\r\n\r\n" + Self.request)
        for expected in ["1", "1", "/x"] { #expect(try client.readResponse().body == expected) }
        await server.stop(within: .zero)
    }

    @Test("A handler is asked once, also for a request that comes while the client reads nothing")
    func askedOnce() async throws {
        let (asked, replies) = (Guarded<[String]>([]), Guarded<[any Reply]>([]))
        let big = Response.text(.ok, String(repeating: "x", count: 32 << 20))
        let server = Server(on: loop) { head, _, reply in
            guard case .origin(let path, _) = head.target else { return nil }
            asked.withLock { $0.append(path) }
            if path == "/big" { return big }
            replies.withLock { $0.append(reply) }
            return nil
        }
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
        let client = try RawClient(port: port)
        // Of the first, the client's system accepts a part. The third is awaited when there is nothing left to write.
        try client.send(["/big", "/2", "/3"].map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        #expect(try client.readResponse().body.utf8.count == 32 << 20)
        for path in ["/2", "/3"] {
            try await waitUntil("it is asked for \(path)") { !replies.withLock { $0.isEmpty } }
            let reply = replies.withLock { $0.removeLast() }
            loop.run { reply.send(.text(.ok, path)) }
            #expect(try client.readResponse().body == path)
        }
        #expect(asked.withLock { $0 } == ["/big", "/2", "/3"])
        await server.stop(within: .zero)
    }

    @Test("A half-closed client gets its answer, at once or later")
    func halfClosed() async throws {
        let (_, port) = try await start()
        for path in ["/x", "/later"] {
            let client = try RawClient(port: port)
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            client.endOutput()
            if path == "/later" {
                await gate.untilArrived(1)
                await gate.open()
            }
            #expect(try client.readToEnd().hasSuffix("\r\n\r\n\(path)"))
        }
    }

    @Test("A head that comes byte by byte is answered")
    func dribble() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        for byte in Self.request.utf8 { try client.send([byte]) }
        #expect(try client.readResponse().body == "/x")
    }

    @Test("A malformed head is refused, the connection closed, and nothing after it answered")
    func malformed() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n" + Self.request)
        let all = try client.readToEnd()
        #expect(all.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(all.components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("A refused client that goes on sending can still read why")
    func refusedWhileSending() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n")
        try client.send([UInt8](repeating: 65, count: 40000))
        #expect(try client.readToEnd().hasPrefix("HTTP/1.1 413 "))
    }

    @Test(
        "A head that does not come in time gets 408, from the first byte or without one", arguments: ["", "GET / HT"])
    func headTimeout(sent: String) async throws {
        let (_, port) = try await start(quick { $0.headTimeout = .milliseconds(100) })
        let client = try RawClient(port: port)
        if !sent.isEmpty { try client.send(sent) }
        #expect(try client.readToEnd().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    }

    @Test("Slow bytes of a head do not extend its time limit")
    func dribbleTimeout() async throws {
        let (_, port) = try await start(quick { $0.headTimeout = .milliseconds(200) })
        let client = try RawClient(port: port)
        let start = ContinuousClock.now
        DispatchQueue.global().async {
            // Ends by itself: the server closes long before the last byte.
            for _ in 0..<1000 {
                guard (try? client.send("G")) != nil else { return }
                usleep(5000)
            }
        }
        #expect(try client.readToEnd().hasPrefix("HTTP/1.1 408 "))
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test("An idle connection is closed without a response")
    func idle() async throws {
        let (_, port) = try await start(quick { $0.idleTimeout = .milliseconds(100) })
        let client = try RawClient(port: port)
        try client.send(Self.request)
        _ = try client.readResponse()
        #expect(try client.readToEnd() == "")
    }

    @Test("A client that does not read its response is disconnected")
    func writeStall() async throws {
        let (server, port) = try await start(quick { $0.writeTimeout = .milliseconds(100) })
        let client = try RawClient(port: port)
        try client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", count: 20))
        // Stopping waits for connections with output: it returns in time only if this one has been closed.
        await server.stop(within: .seconds(30))
        #expect(throws: (any Error).self) {
            for _ in 0..<20 { _ = try client.readResponse() }
        }
    }

    @Test("Resets and silent connections do not harm the server")
    func portScan() async throws {
        let (_, port) = try await start()
        for index in 0..<200 {
            let client = try RawClient(port: port)
            if index % 2 == 0 { try client.send("GET / HT") }
            client.reset()
        }
        #expect(try get("/x", port: port).status == 200)
    }

    @Test("A UNIX domain socket serves, replaces a stale one, and is removed at the end")
    func unix() async throws {
        let folder = try Folder()
        let path = folder.path("socket")
        let first = Server(on: loop) { _, _, _ in .text(.ok, "first") }
        #expect(try await first.listen(on: .unix(path: path)) == .unix(path: path))
        let client = try RawClient(path: path)
        try client.send(Self.request)
        #expect(try client.readResponse().body == "first")
        let second = Server(on: loop) { _, _, _ in .text(.ok, "second") }
        let error = await #expect(throws: ListenError.self) { try await second.listen(on: .unix(path: path)) }
        #expect(error?.cause == .inUse)
        await first.stop(within: .seconds(5))
        #expect(!FileManager.default.fileExists(atPath: path))

        // What a killed process leaves behind: a bound file that nobody listens at.
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try RawAddress(path: path).bind(dead)
        Foundation.close(dead)
        #expect(FileManager.default.fileExists(atPath: path))
        _ = try await second.listen(on: .unix(path: path))
        let again = try RawClient(path: path)
        try again.send(Self.request)
        #expect(try again.readResponse().body == "second")
        await second.stop(within: .seconds(5))
    }

    @Test("[::] serves both families")
    func dualStack() async throws {
        let (_, port) = try await start(on: "::")
        #expect(try get("/x", port: port, host: "127.0.0.1").status == 200)
        #expect(try get("/x", port: port, host: "::1").status == 200)
    }

    @Test("The error for an unavailable address has the address and the reason")
    func refusedAddresses() async throws {
        let (_, port) = try await start()
        let server = Server(on: loop) { _, _, _ in .text(.ok, "") }
        let taken = await #expect(throws: ListenError.self) {
            try await server.listen(on: .tcp(host: "127.0.0.1", port: port))
        }
        #expect(taken?.description == "cannot listen on 127.0.0.1:\(port): address already in use")
        #expect(taken?.cause == .inUse)
        let foreign = await #expect(throws: ListenError.self) {
            try await server.listen(on: .tcp(host: "192.0.2.1", port: 0))
        }
        #expect(foreign?.cause == .notAvailable)
        let nowhere = await #expect(throws: ListenError.self) {
            try await server.listen(on: .unix(path: "/nonexistent/x.sock"))
        }
        #expect(nowhere?.cause == .system)
    }

    @Test("Stopping closes idle connections at once, and finishes running answers")
    func stopping() async throws {
        let (server, port) = try await start()
        let idle = try RawClient(port: port)
        try idle.send(Self.request)
        _ = try idle.readResponse()
        let busy = try RawClient(port: port)
        try busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
        await gate.untilArrived(1)
        async let stopped: Void = server.stop(within: .seconds(30))
        #expect(try idle.readToEnd() == "")
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
        await gate.open()
        let all = try busy.readToEnd()
        #expect(all.hasSuffix("/later"))
        #expect(all.contains("\r\nConnection: close\r\n"))
        await stopped
    }

    @Test("Input that comes too late for an answer does not cost the client the answer before it")
    func unreadInput() async throws {
        let (_, port) = try await start()
        let client = try RawClient(port: port)
        try client.send("GET /later HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await gate.untilArrived(1)
        try client.send(Self.request)
        await gate.open()
        // A reset would be an error of this read.
        #expect(try client.readToEnd().hasSuffix("\r\n\r\n/later"))
    }

    @Test("Stopping lets a client read all of its response")
    func stoppingWhileWriting() async throws {
        // On a busy machine this client may be slow, which is not what is tried here.
        let (server, port) = try await start(quick { $0.writeTimeout = .seconds(90) })
        let client = try RawClient(port: port)
        let count = 16
        try client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
        #expect(try client.readResponse().status == 200)
        async let stopped: Void = server.stop(within: .seconds(90))
        // It has begun when nobody listens any more. Far more is left to answer than the sockets' buffers hold.
        while (try? RawClient(port: port)) != nil { await Task.yield() }
        var last: RawResponse?
        for _ in 1..<count where last?.field("Connection") != "close" {
            last = try client.readResponse()
            #expect(last?.body.utf8.count == 1 << 20)
        }
        #expect(last?.field("Connection") == "close")
        #expect(try client.readToEnd() == "")
        await stopped
    }

    @Test("Stopping does not wait longer than its limit")
    func stoppingLimit() async throws {
        let (server, port) = try await start()
        let busy = try RawClient(port: port)
        try busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
        await gate.untilArrived(1)
        await server.stop(within: .milliseconds(50))
        #expect(try busy.readToEnd() == "")
        await gate.open()
    }

    @Test("An access log gets each answered request, and each refused one")
    func observer() async throws {
        let seen = Guarded<[String]>([])
        let server = Server(on: loop) { _, _, _ in .text(.notFound, "") }
        await server.logExchanges(to: { exchange in
            seen.withLock {
                let request =
                    switch exchange.request {
                    case .success(let head): head.method.rawValue
                    case .failure(let error): "\(error)"
                    }
                $0.append("\(exchange.peer.host ?? "-") \(request) \(exchange.status)")
            }
        })
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
        _ = try get("/", port: port)
        let malformed = try RawClient(port: port)
        try malformed.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n")
        #expect(try malformed.readResponse().status == 400)
        #expect(
            seen.withLock { $0 } == ["127.0.0.1 GET 404", "127.0.0.1 \(RequestError.malformedField) 400"])
    }
}
