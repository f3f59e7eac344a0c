import Dispatch
import EventLoop
import HTTPTypes
import HTTPWire
import Sockets
import TestSupport
import Testing

@testable import HTTPServer

@Suite("A server that stops loses no request", .serialized, .timeLimit(.minutes(5)))
struct StoppingTests {
    private static let request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    private let loop = EventLoop()

    /// A handler that holds the loop until the test lets it go.
    private final class Brake: Sendable {
        private let (reached, released) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))

        func hold() {
            reached.signal()
            _ = released.wait(timeout: .now() + 20)
        }

        func isReached() -> Bool { reached.wait(timeout: .now() + 20) == .success }

        func release() { released.signal() }
    }

    private func server(_ brake: Brake = Brake()) -> Server {
        Server(on: loop) { head, _, _ in
            if case .origin("/hold", _) = head.target { brake.hold() }
            return .text(.ok, "answered")
        }
    }

    @Test("Requests in the listen queue and on kept connections are answered", arguments: [false, true])
    func waiting(onSocketFile: Bool) async throws {
        let (brake, folder) = (Brake(), try Folder())
        let server = server(brake)
        let path = folder.path("socket")
        let address = try await server.listen(on: onSocketFile ? .unix(path: path) : .tcp(host: "127.0.0.1", port: 0))
        func client() throws -> RawClient {
            if case .tcp(_, let port) = address { return try RawClient(port: port) }
            return try RawClient(path: path)
        }
        let (kept, holding) = (try client(), try client())
        try kept.send(Self.request)
        #expect(try kept.readResponse().status == 200)
        try holding.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(brake.isReached())
        // The loop is held: nobody accepts these, nobody reads that.
        let waiting = try (0..<20).map { _ in try client() }
        for client in waiting + [kept] { try client.send(Self.request) }
        // When this returns, the loop has the job: it stops the server before it looks for events.
        let stopped = Task.immediate { await server.stop(within: .seconds(30)) }
        brake.release()
        for client in waiting + [kept, holding] {
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response.field("Connection") == "close" || client === holding)
            #expect(try client.readToEnd() == "")
        }
        await stopped.value
        #expect(throws: RawClient.Failure.self) { try client() }
    }

    @Test("A connection has time for its first request, and one that sends nothing is closed")
    func arrivalTime() async throws {
        let server = server()
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
        let (idle, late, silent) = (try RawClient(port: port), try RawClient(port: port), try RawClient(port: port))
        try idle.send(Self.request)
        #expect(try idle.readResponse().status == 200)
        try await waitUntil("all are accepted") { await server.openConnections == 3 }
        async let stopped: Void = server.stop(within: .seconds(30), arrivalTime: .seconds(2))
        #expect(try idle.readToEnd() == "", "it has begun to stop")
        try late.send(Self.request)
        #expect(try late.readResponse().field("Connection") == "close")
        #expect(try silent.readToEnd() == "")
        await stopped
    }

    @Test("Clients that send as fast as they can lose no request")
    func saturating() async throws {
        for _ in 0..<10 {
            let server = server()
            guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
            let (answered, lost) = (Guarded(0), Guarded<[String]>([]))
            let clients = DispatchGroup()
            for _ in 0..<16 {
                DispatchQueue(label: "client").async(group: clients) {
                    // Until no more connections are made.
                    while let client = try? RawClient(port: port) {
                        do {
                            try client.send(Self.request)
                            _ = try client.readResponse()
                            answered.withLock { $0 += 1 }
                        } catch {
                            lost.withLock { $0.append("\(error)") }
                        }
                    }
                }
            }
            try await waitUntil("all are at work") { answered.withLock { $0 } > 200 }
            await server.stop(within: .seconds(30))
            #expect(clients.wait(timeout: .now() + 30) == .success)
            #expect(lost.withLock { $0 } == [])
        }
    }
}
