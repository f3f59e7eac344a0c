import Dispatch
import EventLoop
import HTTPServer
import HTTPTypes
import HTTPWire
import Sockets
import TestSupport
import Testing

@Suite("Reused descriptors", .timeLimit(.minutes(1)))
struct RecycledDescriptorTests {
    private static let patience = DispatchTimeInterval.seconds(20)

    @Test("The reset of one connection does not end the next one with the same descriptor")
    func staleFailure() async throws {
        let held = Guarded<[any Reply]>([])
        let (blocked, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = Server(on: EventLoop()) { head, _, reply in
            guard case .origin(let path, _) = head.target else { return .text(.ok, "*") }
            switch path {
            case "/held":
                held.withLock { $0.append(reply) }
                return nil
            case "/block":
                blocked.signal()
                return .text(.ok, "\(release.wait(timeout: .now() + RecycledDescriptorTests.patience))")
            case "/answer":
                for reply in held.withLock({ $0 }) { reply.send(.text(.ok, "too late")) }
                return .text(.ok, path)
            default: return .text(.ok, path)
            }
        }
        guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
        let blocker = try RawClient(port: port)
        let answerer = try RawClient(port: port)
        try answerer.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try answerer.readResponse().body == "/first")
        var resetters = try (0..<20).map { _ in try RawClient(port: port) }
        for resetter in resetters { try resetter.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n") }
        let count = resetters.count
        try await waitUntil("all are held") { held.withLock { $0.count } == count }

        // While the loop is held up, all this comes, and so is told of in one batch, in this order: a request on which the
        // held answers fail, and close their connections; new clients, who get the numbers; and the resets.
        try blocker.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(blocked.wait(timeout: .now() + RecycledDescriptorTests.patience) == .success)
        try answerer.send("GET /answer HTTP/1.1\r\nHost: a\r\n\r\n")
        let next = try resetters.map { _ in try RawClient(port: port) }
        for client in next { try client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n") }
        for resetter in resetters { resetter.reset() }
        resetters = []
        // They take the numbers of the clients that are gone, which are this process's too.
        let fillers = try next.map { _ in try RawClient(port: port) }
        release.signal()

        #expect(try answerer.readResponse().body == "/answer")
        for client in next { #expect(try client.readResponse().body == "/next") }
        withExtendedLifetime(fillers) {}
        await server.stop(within: .zero)
    }
}
