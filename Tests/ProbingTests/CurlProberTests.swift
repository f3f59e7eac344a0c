import EventLoop
import Foundation
import HTTPClient
import Health
import Judging
import Probing
import TestSupport
import Testing

typealias URL = HTTPClient.URL

extension CurlProber {
    /// Probes a URL in the plainest way.
    fileprivate func probe(_ url: URL, within limit: Duration) async -> Outcome {
        let request = Request(url)
        return await outcome(
            of: Target(id: "\(url)", request: request, expectation: .response(.only(200)), timeout: limit),
            within: limit)
    }
}

@Suite("Probing with libcurl", .timeLimit(.minutes(5)))
struct CurlProberTests {
    private typealias Step = FaultyUpstream.Step

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private let prober: CurlProber

    init() async throws {
        prober = CurlProber(on: EventLoop(), userAgent: "healthz/test")
        try await prober.start()
    }

    private func url(_ port: UInt16, _ target: String = "/", scheme: URL.Scheme = .http) -> URL {
        URL(scheme: scheme, host: "127.0.0.1", port: Int(port), target: target)
    }

    /// Probes an upstream that follows `script`.
    private func probe(
        _ script: [Step], scheme: URL.Scheme = .http, within limit: Duration = .seconds(20)
    ) async throws -> Outcome {
        let upstream = try FaultyUpstream(script)
        defer { upstream.stop() }
        return await prober.probe(url(upstream.port, scheme: scheme), within: limit)
    }

    /// The code of the failure, or the status.
    private func code(_ outcome: Outcome) -> String {
        switch outcome {
        case .success(let response):
            response.mismatch.map { _ in "body" } ?? response.status.map(String.init) ?? "connected"
        case .failure(let failure): failure.cause.rawValue
        }
    }

    static let scripts: [(String, [FaultyUpstream.Step])] = [
        ("200", [.readHead, .send(ok)]),
        ("404", [.readHead, .send("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n")]),
        // An answer that ends with its connection is whole; so is one before the request was read to its end.
        ("200", [.readHead, .send("HTTP/1.1 200 OK\r\n\r\nsome text"), .close]),
        ("200", [.readHead, .send("HTTP/1.0 200 OK\r\n\r\n"), .close]),
        ("200", [.readHead, .drip(ok, every: .milliseconds(1))]),
        ("200", [.readHead, .wait(.milliseconds(100)), .send(ok)]),
        (
            "200",
            [.readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n")]
        ),
        ("200", [.readHead, .send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok)]),
        ("200", [.readHead, .send(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 100) + ok)]),
        // A redirect is an answer like another, and its place is not visited.
        ("302", [.readHead, .send("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n")]),
        (
            "307",
            [.readHead, .send("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), .close]
        ),
        // More than was promised is not looked at.
        ("200", [.readHead, .send(ok + "HTTP/1.1 500 No\r\n\r\n")]),
        ("empty", [.readHead, .close]),
        ("reset", [.readHead, .reset]),
        ("reset", [.readHead, .send("HTTP/1.1 200 OK\r\nContent-"), .wait(.milliseconds(50)), .reset]),
        (
            "reset",
            [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), .wait(.milliseconds(50)), .reset]
        ),
        ("incomplete", [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), .close]),
        ("incomplete", [.readHead, .send("HTTP/1.1 200 OK\r\nContent-"), .close]),
        ("incomplete", [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), .close]),
        ("empty", [.readHead, .send("HTTP/1.1 100 Continue\r\n\r\n"), .close]),
        (
            "incomplete", [.readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok"), .close]
        ),
        ("protocol", [.readHead, .send("SSH-2.0-OpenSSH_9.2\r\n"), .close]),
        ("protocol", [.readHead, .send("\u{0}\u{1}\u{2}garbage that goes on\r\n\r\n"), .close]),
        ("protocol", [.readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), .close]),
        ("protocol", [.readHead, .send("HTTP/1.1 2x0 OK\r\n\r\n"), .close]),
        (
            "too_large",
            [.readHead, .send("HTTP/1.1 200 OK\r\n"), .endless("X-Field: \(String(repeating: "a", count: 80))\r\n")]
        ),
        ("too_large", [.readHead, .send("HTTP/1.1 200 OK\r\nX: "), .endless(String(repeating: "a", count: 4096))]),
        ("too_large", [.readHead, .send("HTTP/1.1 200 OK\r\n\r\n"), .endless(String(repeating: "a", count: 4096))]),
        ("too_large", [.readHead, .endless("HTTP/1.1 100 Continue\r\n\r\n")]),
        (
            "too_large",
            [
                .readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .endless("1000\r\n\(String(repeating: "a", count: 4096))\r\n"),
            ]
        ),
    ]

    @Test("Whatever an upstream does has its own cause", arguments: scripts)
    func causes(expected: String, script: [FaultyUpstream.Step]) async throws {
        let outcome = try await probe(script)
        #expect(code(outcome) == expected, "\(outcome)")
    }

    @Test("The response may be as large as the limit, and no larger")
    func limit() async throws {
        let head = "HTTP/1.1 200 OK\r\n\r\n"
        let fits = String(repeating: "a", count: 64 * 1024 - head.utf8.count)
        #expect(code(try await probe([.readHead, .send(head + fits), .close])) == "200")
        #expect(code(try await probe([.readHead, .send(head + fits + "a"), .close])) == "too_large")
    }

    @Test("Nobody listens: refused, with the place")
    func refused() async throws {
        let closed = try ClosedPort()
        #expect(
            await prober.probe(url(closed.port), within: .seconds(20))
                == .failure(.refused(place: "127.0.0.1:\(closed.port)")))
    }

    @Test("No way there: unreachable, with the system's word")
    func unreachable() async {
        let path = "/nonexistent-\(UUID().uuidString)/x.sock"
        let target = URL(scheme: .http, host: "localhost", target: "/", socketPath: path)
        #expect(
            await prober.probe(target, within: .seconds(20))
                == .failure(.unreachable(place: "unix:\(path)", detail: "no such file or directory")))
    }

    @Test("No connection comes about: connect_timeout, in time")
    func connectTimeout() async throws {
        let full = try FullBacklog()
        let start = ContinuousClock.now
        let outcome = await prober.probe(url(full.port), within: .milliseconds(300))
        #expect(outcome == .failure(.connectTimeout(place: "127.0.0.1:\(full.port)", limit: .milliseconds(300))))
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test(
        "An answer that does not come, or not to its end, is a timeout that says what was missing",
        arguments: [
            ([.readHead, .freeze], .http, .response),
            ([.freeze], .http, .response),
            ([.readHead, .send("HTTP/1.1 200 OK\r\n"), .freeze], .http, .restOfResponse),
            (
                [
                    .readHead, .send("HTTP/1.1 200 OK\r\n\r\n"),
                    .drip(String(repeating: "a", count: 1000), every: .milliseconds(50)),
                ], .http, .restOfResponse
            ),
            ([.freeze], .https, .handshake),
        ] as [([FaultyUpstream.Step], URL.Scheme, ProbeFailure.Phase)])
    func timeout(script: [FaultyUpstream.Step], scheme: URL.Scheme, phase: ProbeFailure.Phase) async throws {
        let start = ContinuousClock.now
        let outcome = try await probe(script, scheme: scheme, within: .milliseconds(300))
        #expect(outcome == .failure(.timeout(limit: .milliseconds(300), waitingFor: phase)))
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test("A name without an address: dns")
    func dns() async {
        let target = URL(scheme: .http, host: "no-such-host.invalid", port: 80, target: "/")
        // The limit ends the wait where the machine's name servers do not answer: that is dns as well.
        guard case .failure(.dns("no-such-host.invalid", let detail)) = await prober.probe(target, within: .seconds(2))
        else {
            Issue.record("not dns")
            return
        }
        #expect(!detail.isEmpty)
    }

    @Test("TLS with a certificate that nobody vouches for, or with none at all: tls")
    func tls() async throws {
        let server = try BadCertificate()
        guard
            case .failure(.tls(let detail)) = await prober.probe(url(server.port, scheme: .https), within: .seconds(20))
        else {
            Issue.record("not tls")
            return
        }
        #expect(detail.contains("self"), "\(detail)")
        #expect(code(try await probe([.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .close], scheme: .https)) == "tls")
    }

    @Test("A name is resolved, and both families are served")
    func names() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let byName = URL(scheme: .http, host: "localhost", port: Int(upstream.port), target: "/")
        #expect(code(await prober.probe(byName, within: .seconds(20))) == "200")
        let six = try FaultyUpstream([.readHead, .send(Self.ok)], host: "::1")
        defer { six.stop() }
        let byAddress = URL(scheme: .http, host: "::1", port: Int(six.port), target: "/")
        #expect(code(await prober.probe(byAddress, within: .seconds(20))) == "200")
    }

    @Test("The request is a plain GET, with credentials where there are some")
    func request() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let target = URL(
            scheme: .http, host: "127.0.0.1", port: Int(upstream.port), target: "/a/../b%20c?d=e",
            credentials: URL.Credentials(user: "probe", password: "p@ss:word"))
        _ = await prober.probe(target, within: .seconds(20))
        let head = try #require(upstream.heads.first).components(separatedBy: "\r\n")
        #expect(head.first == "GET /a/../b%20c?d=e HTTP/1.1")
        #expect(head.contains("Host: 127.0.0.1:\(upstream.port)"))
        #expect(head.contains("User-Agent: healthz/test"))
        #expect(head.contains("Authorization: Basic \(Data("probe:p@ss:word".utf8).base64EncodedString())"))
        #expect(!head.contains { $0.hasPrefix("Accept-Encoding") })
    }

    @Test("Each probe makes a connection of its own, and no probe follows a redirect")
    func connections() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok), .freeze])
        defer { upstream.stop() }
        for _ in 0..<3 { _ = await prober.probe(url(upstream.port), within: .seconds(20)) }
        #expect(upstream.accepted == 3)
        upstream.change(to: [.readHead, .send("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")])
        _ = await prober.probe(url(upstream.port), within: .seconds(20))
        #expect(upstream.accepted == 4)
    }

    @Test("Where connections may be kept, the next probe uses the one that is there, or a new one where it is gone")
    func reuse() async throws {
        let keeps: [Step] = [.readHead, .send(Self.ok), .readHead, .send(Self.ok), .readHead, .send(Self.ok), .close]
        let upstream = try FaultyUpstream(keeps)
        defer { upstream.stop() }
        let target = Target(
            id: "kept", request: Request(url(upstream.port), reusesConnection: true),
            expectation: .response(.only(200)), timeout: .seconds(20))
        for number in 1...7 {
            #expect(code(await prober.outcome(of: target, within: .seconds(20))) == "200")
            #expect(upstream.accepted == (number + 2) / 3, "after \(number) probes")
        }
    }

    @Test("Probes that hang hold up no other")
    func independence() async throws {
        let frozen = try FaultyUpstream([.freeze])
        let endless = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\n\r\n"),
            .drip(String(repeating: "a", count: 10_000), every: .milliseconds(5)),
        ])
        let good = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { for upstream in [frozen, endless, good] { upstream.stop() } }
        async let one = prober.probe(url(frozen.port), within: .seconds(3))
        async let two = prober.probe(url(endless.port), within: .seconds(3))
        for _ in 0..<20 { #expect(code(await prober.probe(url(good.port), within: .seconds(20))) == "200") }
        #expect(code(await one) == "timeout")
        #expect(code(await two) == "timeout")
    }

    @Test("A recovered upstream is seen at the next probe")
    func recovery() async throws {
        let upstream = try FaultyUpstream([.reset])
        defer { upstream.stop() }
        #expect(code(await prober.probe(url(upstream.port), within: .seconds(20))) == "reset")
        upstream.change(to: [.readHead, .send(Self.ok)])
        #expect(code(await prober.probe(url(upstream.port), within: .seconds(20))) == "200")
    }

    @Test("Two hundred probes at once all end, each with its own answer")
    func many() async throws {
        let good = try FaultyUpstream([.readHead, .send(Self.ok)])
        let closed = try ClosedPort()
        defer { good.stop() }
        let codes = await withTaskGroup(of: String.self) { group in
            for index in 0..<200 {
                let target = url(index % 2 == 0 ? good.port : closed.port, "/\(index)")
                group.addTask { code(await prober.probe(target, within: .seconds(30))) }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(codes == ["200": 100, "refused": 100])
    }

    // MARK: Bodies

    /// Probes for a body.
    private func read(
        _ port: UInt16, _ body: BodyExpectation, within limit: Duration = .seconds(20)
    ) async -> Outcome {
        let target = Target(
            id: "body", request: Request(url(port)), expectation: .response(.only(200), body: body), timeout: limit
        )
        return await prober.outcome(of: target, within: limit)
    }

    @Test("A body is looked at where the status is right, whole, however it comes, at every probe anew")
    func bodies() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let expectation = BodyExpectation(contained: ["ok"])
        #expect(await read(upstream.port, expectation) == .success(ProbeResponse(status: 200)))
        upstream.change(to: [
            .readHead, .send("HTTP/1.1 200 OK\r\n\r\nnot o"), .wait(.milliseconds(20)), .send("k"), .close,
        ])
        #expect(await read(upstream.port, expectation) == .success(ProbeResponse(status: 200)))
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")])
        #expect(
            await read(upstream.port, expectation)
                == .success(ProbeResponse(status: 200, mismatch: .lacks("ok", found: Excerpt(quoting: "no")))))
        upstream.change(to: [.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")])
        #expect(await read(upstream.port, expectation) == .success(ProbeResponse(status: 500)))
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok"), .close])
        #expect(code(await read(upstream.port, expectation)) == "incomplete")
    }

    @Test(
        "A pattern that takes too long is a timeout; it holds up no other probe, and gets nothing more to do meanwhile")
    func patience() async throws {
        let pattern = "^(a+)+$"
        // As long as it must be for this machine, which may be busy with something else while it is measured: each
        // letter more doubles the time.
        var body = "aaaaaaaa"
        let judge = try BodyJudge(BodyExpectation(patterns: [pattern]))
        func took() -> Duration {
            let start = ContinuousClock.now
            #expect(judge.mismatch(in: Array("\(body)!".utf8)) != nil)
            return ContinuousClock.now - start
        }
        while min(took(), took()) < .milliseconds(200) { body += "a" }
        body += "aa"
        let length = body.utf8.count + 1
        let slow = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(body)!"),
        ])
        let good = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { for upstream in [slow, good] { upstream.stop() } }
        let expectation = BodyExpectation(patterns: [pattern])
        async let first = read(slow.port, expectation, within: .milliseconds(300))
        #expect(code(await prober.probe(url(good.port), within: .seconds(20))) == "200")
        #expect(await first == .failure(.timeout(limit: .milliseconds(300), waitingFor: .judgement)))
        #expect(code(await read(slow.port, expectation, within: .seconds(60))) == "internal")
        // When it has ended, it is asked again.
        var outcome = await read(slow.port, expectation, within: .seconds(60))
        try await waitUntil("the judgement's end") {
            outcome = await read(slow.port, expectation, within: .seconds(60))
            return code(outcome) != "internal"
        }
        #expect(code(outcome) == "body")
    }

    @Test("What is out when all is forgotten is judged by what it was begun with, and nothing else is")
    func forgotten() async throws {
        let upstream = try FaultyUpstream([.readHead, .hold, .send(Self.ok)])
        defer { upstream.stop() }
        async let former = read(upstream.port, BodyExpectation(contained: ["ok"]))
        try await waitUntil("the request is there") { upstream.heads.count == 1 }
        await prober.forget()
        async let next = read(upstream.port, BodyExpectation(contained: ["no"]))
        try await waitUntil("the other, too") { upstream.heads.count == 2 }
        upstream.release()
        #expect(await former == .success(ProbeResponse(status: 200)))
        #expect(code(await next) == "body")
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")])
        #expect(await read(upstream.port, BodyExpectation(contained: ["no"])) == .success(ProbeResponse(status: 200)))
    }

    @Test("Probes that follow each other at once do not nest, however many end together")
    func depth() async throws {
        let closed = try ClosedPort()
        let (loop, count) = (EventLoop(), 200)
        let prober = CurlProber(on: loop, userAgent: "healthz/test")
        try await prober.start()
        let state = Guarded((depth: 0, deepest: 0, ended: 0))
        let address = url(closed.port)
        @Sendable func probe(_ number: Int, then next: Int) {
            let target = Target(
                id: "\(number)", request: Request(address), expectation: .response(.only(200)),
                timeout: .seconds(20))
            prober.probe(target, within: .seconds(20)) { _ in
                state.withLock {
                    $0.depth += 1
                    $0.deepest = max($0.deepest, $0.depth)
                    $0.ended += 1
                }
                if next > 0 { probe(number, then: next - 1) }
                state.withLock { $0.depth -= 1 }
            }
        }
        loop.run { for number in 0..<count { probe(number, then: 3) } }
        try await waitUntil("all have ended") { state.withLock { $0.ended } == 4 * count }
        #expect(state.withLock { $0.deepest } <= 2)
    }

    // MARK: Connections alone

    @Test("A connection alone is made, closed, and asks for nothing")
    func connection() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        func target(_ port: UInt16) -> Target {
            let url = URL(scheme: .tcp, host: "127.0.0.1", port: Int(port), target: "")
            return Target(id: "tcp", request: Request(url), expectation: .connection, timeout: .seconds(20))
        }
        for _ in 0..<3 {
            let outcome = await prober.outcome(of: target(upstream.port), within: .seconds(20))
            #expect(outcome == .success(ProbeResponse(status: nil)))
        }
        // A connection is there for the client before whoever listens has taken it.
        try await waitUntil("all three were taken") { upstream.accepted >= 3 }
        #expect(upstream.accepted == 3)
        #expect(upstream.heads.isEmpty)
        let closed = try ClosedPort()
        await prober.forget()
        #expect(code(await prober.outcome(of: target(closed.port), within: .seconds(20))) == "refused")
        await prober.forget()
        let full = try FullBacklog()
        #expect(
            code(await prober.outcome(of: target(full.port), within: .milliseconds(300))) == "connect_timeout")
    }
}
