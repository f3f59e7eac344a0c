import EventLoop
import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import CurlClient

/// Where connections go, how many are made, and how requests get on beside each other.
@Suite("Connections", .timeLimit(.minutes(5)))
struct ConnectionTests {
    private typealias Step = FaultyUpstream.Step

    private let client: CurlClient

    init() async throws {
        client = try await .started()
    }

    @Test("Only addresses of the wanted version are connected to")
    func ipVersion() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        defer { upstream.stop() }
        let url = URL(scheme: .http, host: "localhost", port: Int(upstream.port), target: "/")
        let client = try await CurlClient.started()
        #expect(await client.get(url.with(.four)).code == "200")
        // ::1, where nobody listens; or no such address at all.
        #expect(["refused", "dns", "unreachable"].contains(await client.get(url.with(.six)).code))
        #expect(upstream.accepted == 1)
    }

    @Test("A name is resolved, and both families are served")
    func names() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        defer { upstream.stop() }
        let byName = URL(scheme: .http, host: "localhost", port: Int(upstream.port), target: "/")
        #expect(await client.get(byName).code == "200")
        let six = try FaultyUpstream([.readHead, .send(ok)], host: "::1")
        defer { six.stop() }
        let byAddress = URL(scheme: .http, host: "::1", port: Int(six.port), target: "/")
        #expect(await client.get(byAddress).code == "200")
    }

    @Test("Each request makes a connection of its own, and no request follows a redirect")
    func fresh() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok), .freeze])
        defer { upstream.stop() }
        for _ in 0..<3 { _ = await client.get(.local(upstream.port)) }
        #expect(upstream.accepted == 3)
        upstream.change(to: [.readHead, .send("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")])
        _ = await client.get(.local(upstream.port))
        #expect(upstream.accepted == 4)
    }

    @Test(
        "Where connections may be kept, the next request uses the one that is there, or a new one where it is gone",
        arguments: ["key", nil])
    func kept(key: String?) async throws {
        let keeps: [Step] = [.readHead, .send(ok), .readHead, .send(ok), .readHead, .send(ok), .close]
        let upstream = try FaultyUpstream(keeps)
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), reusesConnection: true)
        for number in 1...7 {
            #expect(await client.result(of: request, reusing: key).code == "200")
            #expect(upstream.accepted == (number + 2) / 3, "after \(number) requests")
        }
    }

    @Test("A connection is kept only while its address belongs to the name")
    func moved() async throws {
        let answers: [Step] = Array(repeating: [.readHead, .send(ok)], count: 20).flatMap(\.self)
        let old = try FaultyUpstream(answers, host: "127.0.0.2")
        let new = try FaultyUpstream(answers, host: "127.0.0.3", port: old.port)
        defer { for upstream in [old, new] { upstream.stop() } }
        let addresses = Guarded(["127.0.0.2"])
        let client = CurlClient(on: EventLoop(), userAgent: "healthz/test", keeping: .seconds(60)) { _, _ in
            .success(addresses.withLock { $0 })
        }
        try await client.start()
        func ask(_ key: String) async {
            let url = URL(scheme: .http, host: "loki", port: Int(old.port), target: "/")
            #expect(await client.result(of: Request(url, reusesConnection: true), reusing: key).code == "200")
        }
        for _ in 0..<3 { await ask("a") }
        #expect((old.accepted, old.heads.count, new.accepted) == (1, 3, 0))
        addresses.withLock { $0 = ["127.0.0.3"] }
        for key in ["a", "b", "a"] { await ask(key) }
        #expect((old.heads.count, new.accepted, new.heads.count) == (3, 1, 3))
        // It is still one of them.
        addresses.withLock { $0 = ["127.0.0.2", "127.0.0.3"] }
        await ask("a")
        #expect((old.heads.count, new.accepted, new.heads.count) == (3, 1, 4))
    }

    @Test("A connection is kept for its lifetime, however often it is used")
    func lifetime() async throws {
        let answers: [Step] = Array(repeating: [.readHead, .send(ok)], count: 100_000).flatMap(\.self)
        let upstream = try FaultyUpstream(answers)
        defer { upstream.stop() }
        let client = CurlClient(
            on: EventLoop(), userAgent: "healthz/test", keeping: .seconds(1), find: Resolver.addresses)
        try await client.start()
        let request = Request(.local(upstream.port), reusesConnection: true)
        try await waitUntil("a second connection") {
            #expect(await client.result(of: request).code == "200")
            return upstream.accepted == 2
        }
    }

    @Test("A connection whose response is complete leaves no port behind; the server is told that no request follows")
    func ports() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok), .freeze])
        defer { upstream.stop() }
        for reading in [Request.Reading.status, .body] {
            for _ in 0..<20 {
                #expect(await client.result(of: Request(.local(upstream.port), reading: reading)).code == "200")
            }
        }
        #expect(upstream.heads.allSatisfy { $0.contains("\r\nConnection: close\r\n") })
        try await waitUntil("all have ended") { upstream.resets.count == 40 }
        #expect(!upstream.resets.contains(false))
        #expect(try waiting(at: upstream.port) == 0)
        let kept = Request(.local(upstream.port), reusesConnection: true)
        #expect(await client.result(of: kept).code == "200")
        #expect(upstream.heads.last?.lowercased().contains("connection:") == false)
    }

    @Test("A server that has not sent a whole response gets no reset")
    func orderlyEnd() async throws {
        let upstream = try FaultyUpstream([.freeze])
        defer { upstream.stop() }
        #expect(await client.failureToConnect(to: .local(upstream.port, "", scheme: .tcp)) == nil)
        try await waitUntil("the connection has ended") { upstream.resets.count == 1 }
        upstream.change(to: [.readHead, .freeze])
        #expect(await client.get(.local(upstream.port), within: .milliseconds(200)).code == "timeout")
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"), .freeze])
        #expect(await client.get(.local(upstream.port)).code == "200")
        let whole = Request(.local(upstream.port), reading: .body)
        #expect(await client.result(of: whole, within: .milliseconds(200)).code == "timeout")
        try await waitUntil("all have ended") { upstream.resets.count == 4 }
        #expect(!upstream.resets.contains(true))
    }

    /// How many sockets wait for a minute (TIME_WAIT) on one side of a connection to that port of loopback.
    private func waiting(at port: UInt16) throws -> Int {
        let end = ":" + String(port, radix: 16, uppercase: true)
        return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n").count { line in
            let columns = line.split(separator: " ")
            return columns.count > 3 && columns[3] == "06" && (columns[1].hasSuffix(end) || columns[2].hasSuffix(end))
        }
    }

    @Test("A plain connection is made and closed without a request")
    func alone() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        defer { upstream.stop() }
        for _ in 0..<3 { #expect(await client.failureToConnect(to: .local(upstream.port, "", scheme: .tcp)) == nil) }
        // A connection is there for the client before whoever listens has taken it.
        try await waitUntil("all three were taken") { upstream.accepted >= 3 }
        #expect(upstream.accepted == 3)
        #expect(upstream.heads.isEmpty)
        let closed = try ClosedPort()
        let refused = await client.failureToConnect(to: .local(closed.port, "", scheme: .tcp))
        #expect(refused == .refused(place: "127.0.0.1:\(closed.port)"))
        let full = try FullBacklog()
        let late = await client.failureToConnect(to: .local(full.port, "", scheme: .tcp), within: .milliseconds(300))
        #expect(late == .connectTimeout(place: "127.0.0.1:\(full.port)", limit: .milliseconds(300)))
    }

    @Test("A request to a tcp:// URL fails")
    func noRequest() async throws {
        #expect(await client.get(.local(9, "", scheme: .tcp)).code == "protocol")
    }

    // MARK: Beside each other

    @Test("Hanging requests do not delay others")
    func independence() async throws {
        let frozen = try FaultyUpstream([.freeze])
        let endless = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\n\r\n"),
            .drip(String(repeating: "a", count: 10_000), every: .milliseconds(5)),
        ])
        let good = try FaultyUpstream([.readHead, .send(ok)])
        defer { for upstream in [frozen, endless, good] { upstream.stop() } }
        async let one = client.get(.local(frozen.port), within: .seconds(3))
        async let two = client.result(of: Request(.local(endless.port), reading: .body), within: .seconds(3))
        for _ in 0..<20 { #expect(await client.get(.local(good.port)).code == "200") }
        #expect(await one.code == "timeout")
        #expect(await two.code == "timeout")
    }

    @Test("A recovered upstream is seen at the next request")
    func recovery() async throws {
        let upstream = try FaultyUpstream([.reset])
        defer { upstream.stop() }
        #expect(await client.get(.local(upstream.port)).code == "reset")
        upstream.change(to: [.readHead, .send(ok)])
        #expect(await client.get(.local(upstream.port)).code == "200")
    }

    @Test("Two hundred requests at once all end, each with its own answer")
    func many() async throws {
        let good = try FaultyUpstream([.readHead, .send(ok)])
        let closed = try ClosedPort()
        defer { good.stop() }
        let codes = await withTaskGroup(of: String.self) { group in
            for index in 0..<200 {
                let url = URL.local(index % 2 == 0 ? good.port : closed.port, "/\(index)")
                group.addTask { await client.get(url, within: .seconds(30)).code }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(codes == ["200": 100, "refused": 100])
    }

    @Test("Requests that are started when others end do not nest, however many end together")
    func depth() async throws {
        let closed = try ClosedPort()
        let (loop, count) = (EventLoop(), 200)
        let client = CurlClient(on: loop, userAgent: "healthz/test")
        try await client.start()
        let state = Guarded((depth: 0, deepest: 0, ended: 0))
        let request = Request(.local(closed.port))
        @Sendable func send(_ number: Int, then next: Int) {
            client.send(request, reusing: "\(number)", within: .seconds(20)) { _ in
                state.withLock {
                    $0.depth += 1
                    $0.deepest = max($0.deepest, $0.depth)
                    $0.ended += 1
                }
                if next > 0 { send(number, then: next - 1) }
                state.withLock { $0.depth -= 1 }
            }
        }
        loop.run { for number in 0..<count { send(number, then: 3) } }
        try await waitUntil("all have ended") { state.withLock { $0.ended } == 4 * count }
        #expect(state.withLock { $0.deepest } <= 2)
    }
}
