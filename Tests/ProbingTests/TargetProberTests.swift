import CurlClient
import EventLoop
import HTTPClient
import Health
import Judging
import Probing
import TestSupport
import Testing

@Suite("Probing targets", .timeLimit(.minutes(5)))
struct TargetProberTests {
    private typealias Step = FaultyUpstream.Step

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private let loop = EventLoop()
    private let prober: TargetProber

    init() async throws {
        prober = try await .started(on: loop)
    }

    private func url(_ port: UInt16, scheme: URL.Scheme = .http) -> URL {
        URL(scheme: scheme, host: "127.0.0.1", port: Int(port), target: scheme == .tcp ? "" : "/")
    }

    /// Probes for a status of 200 alone.
    private func probe(_ port: UInt16, within limit: Duration = .seconds(20)) async -> Outcome {
        let target = Target(
            id: "\(port)", probe: .http(Request(url(port)), Expectation(.only(200))), timeout: limit)
        return await prober.outcome(of: target, within: ProbeLimit(timeout: limit))
    }

    /// The code of the reason, or the status.
    private func code(_ outcome: Outcome) -> String {
        outcome.verdict.reason?.code ?? outcome.status.map(String.init) ?? "connected"
    }

    private func wrongStatus(_ status: Int, _ body: String? = nil) -> Outcome {
        let words = ResponseWords(body: body.map { Excerpt(quoting: $0) })
        return Outcome(status: status, .down(.status(status, expected: .only(200), words: words)))
    }

    @Test("The status decides; without a response, there is a cause")
    func statuses() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        #expect(await probe(upstream.port) == Outcome(status: 200, .up))
        upstream.change(to: [.readHead, .send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")])
        #expect(await probe(upstream.port) == wrongStatus(404))
        upstream.change(to: [.readHead, .freeze])
        let late = await probe(upstream.port, within: .milliseconds(300))
        #expect(late == .failed(.transfer(.timeout(limit: .milliseconds(300), waitingFor: .response))))
        let closed = try ClosedPort()
        #expect(await probe(closed.port) == .failed(.transfer(.refused(place: "127.0.0.1:\(closed.port)"))))
    }

    @Test(
        "A status that is not as expected is told in the response's own words",
        arguments: [
            ("503 No\r\n\r\nApplication is stopping\n", #"answered 503, expected 200: "Application is stopping""#),
            (
                "302 Found\r\nlocation: /login\r\nContent-Length: 0\r\n\r\n",
                "answered 302 to /login, expected 200"
            ),
            (
                "401 No\r\nWWW-Authenticate: Basic realm=\"Loki, inside\"\r\n\r\nno org id\n",
                #"answered 401 (Basic, realm "Loki, inside"), expected 200: "no org id""#
            ),
            ("401 No\r\nWWW-Authenticate: Bearer\r\n\r\n", "answered 401 (Bearer), expected 200"),
            (
                "404 No\r\nLocation: /not-told\r\n\r\n{\"message\":\"No such container: nope\"}",
                #"answered 404, expected 200: "{"message":"No such container: nope"}""#
            ),
            // Loki refuses lines in Protobuf: here with a full disk, and while it starts.
            (
                "503 No\r\n\r\n\u{12}:rpc error: code = Unknown desc = Ingester is shutting down",
                #"answered 503, expected 200: "rpc error: code = Unknown desc = Ingester is shutting down""#
            ),
            ("503 No\r\n\r\n\u{12}\nempty ring", #"answered 503, expected 200: "empty ring""#),
            ("400 No\r\n\r\n\u{8}\u{3}\u{12}\u{2}no\u{1a}\u{1}x", #"answered 400, expected 200: "no""#),
            ("400 No\r\n\r\n\u{12}\u{40}cut", #"answered 400, expected 200: "cut""#),
            ("400 No\r\n\r\n\u{8}", "answered 400, expected 200: \"\u{8}\""),
        ])
    func words(answer: String, sentence: String) async throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 \(answer)"), .close])
        defer { upstream.stop() }
        #expect(await probe(upstream.port).verdict.reason?.description == sentence)
    }

    @Test("Of a long body, the beginning is told")
    func longWords() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 500 No\r\n\r\n" + String(repeating: "é", count: 5000)), .close,
        ])
        defer { upstream.stop() }
        let told = String(repeating: "é", count: 120)
        #expect(await probe(upstream.port).verdict.reason?.description == "answered 500, expected 200: \"\(told)…\"")
    }

    @Test("Where a connection is expected, it is all that counts, and no request is sent")
    func connections() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let closed = try ClosedPort()
        func probe(_ port: UInt16) async -> Outcome {
            let target = Target(
                id: "tcp", probe: .connect(url(port, scheme: .tcp)), timeout: .seconds(20))
            return await prober.outcome(of: target, within: ProbeLimit(timeout: .seconds(20)))
        }
        #expect(await probe(upstream.port) == Outcome(status: nil, .up))
        #expect(code(await probe(closed.port)) == "refused")
        #expect(upstream.heads.isEmpty)
    }

    // MARK: Bodies

    /// Probes for a body.
    private func read(
        _ port: UInt16, _ body: BodyExpectation, within limit: Duration = .seconds(20)
    ) async -> Outcome {
        let target = Target(
            id: "body", probe: .http(Request(url(port)), Expectation(.only(200), body: body)), timeout: limit)
        return await prober.outcome(of: target, within: ProbeLimit(timeout: limit))
    }

    @Test("A body is looked at where the status is right, whole, however it comes, at every probe anew")
    func bodies() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let expectation = BodyExpectation(contained: ["ok"])
        #expect(await read(upstream.port, expectation) == Outcome(status: 200, .up))
        upstream.change(to: [
            .readHead, .send("HTTP/1.1 200 OK\r\n\r\nnot o"), .wait(.milliseconds(20)), .send("k"), .close,
        ])
        #expect(await read(upstream.port, expectation) == Outcome(status: 200, .up))
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")])
        let differing = await read(upstream.port, expectation)
        #expect(differing == Outcome(status: 200, .down(.body(.lacks("ok", found: Excerpt(quoting: "no"))))))
        upstream.change(to: [.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")])
        #expect(await read(upstream.port, expectation) == wrongStatus(500, "no"))
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok"), .close])
        #expect(code(await read(upstream.port, expectation)) == "incomplete")
    }

    @Test(
        "A body with a coding is not what was expected, and the coding is named",
        arguments: ["gzip", "br", "identity, gzip", "Identity"])
    func coded(coding: String) async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\ncontent-encoding: \(coding)\r\nContent-Length: 2\r\n\r\nok"),
        ])
        defer { upstream.stop() }
        let outcome = await read(upstream.port, BodyExpectation(contained: ["ok"]))
        if coding == "Identity" {
            #expect(outcome == Outcome(status: 200, .up))
        } else {
            #expect(outcome == Outcome(status: 200, .down(.body(.coded(Excerpt(coding))))))
            #expect(outcome.verdict.reason?.description.contains(coding) == true)
        }
        #expect(await probe(upstream.port) == Outcome(status: 200, .up))
    }

    @Test("Where the status is all that counts, no body is too large")
    func largeBody() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n"),
            .endless(String(repeating: "a", count: 4096)),
        ])
        defer { upstream.stop() }
        #expect(await probe(upstream.port) == Outcome(status: 200, .up))
        #expect(code(await read(upstream.port, BodyExpectation(contained: ["ok"]))) == "too_large")
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
        #expect(code(await probe(good.port)) == "200")
        #expect(await first == .failed(.matching(limit: .milliseconds(300))))
        #expect(code(await read(slow.port, expectation, within: .seconds(60))) == "internal")
        // When it has ended, it is asked again.
        var outcome = await read(slow.port, expectation, within: .seconds(60))
        try await waitUntil("the judgement's end") {
            outcome = await read(slow.port, expectation, within: .seconds(60))
            return code(outcome) != "internal"
        }
        #expect(code(outcome) == "body")
    }

    /// One that expects that a counter does not grow.
    private func counting(_ port: UInt16, _ path: String = "/") -> Target {
        let url = URL(scheme: .http, host: "127.0.0.1", port: Int(port), target: path)
        let metric = MetricExpectation(MetricSelector(name: "failures_total"), [.increase([.atMost(0)])])
        return Target(
            id: "counting",
            probe: .http(Request(url), Expectation(.only(200), body: BodyExpectation(metrics: [metric]))),
            timeout: .seconds(20))
    }

    @Test(
        "A counter is compared with the probe before, also where all but this target is forgotten, but not with another place"
    )
    func counters() async throws {
        let upstream = try FaultyUpstream([.readHead])
        defer { upstream.stop() }
        func probe(_ count: Int, _ path: String = "/") async -> String {
            let body = "# TYPE failures_total counter\nfailures_total \(count)\n"
            upstream.change(to: [
                .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"),
            ])
            let target = counting(upstream.port, path)
            return code(await prober.outcome(of: target, within: ProbeLimit(timeout: .seconds(20))))
        }
        #expect(await probe(1) == "200")
        #expect(await probe(2) == "body")
        loop.run { prober.forget(but: [counting(upstream.port)]) }
        #expect(await probe(3) == "body")
        loop.run { prober.forget(but: [counting(upstream.port, "/other")]) }
        #expect(await probe(4, "/other") == "200")
        #expect(await probe(5, "/other") == "body")
        loop.run { prober.forget() }
        #expect(await probe(6, "/other") == "200")
    }

    @Test("Two responses of one target at the same time are both judged, if no pattern can be stuck")
    func twoAtOnce() async throws {
        let body = "failures_total 1\n" + String(repeating: "other_total 1\n", count: 4000)
        let upstream = try FaultyUpstream([
            .readHead, .hold, .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"),
        ])
        defer { upstream.stop() }
        let metric = MetricExpectation(MetricSelector(name: "failures_total"), [.atMost(1)])
        let expectation = BodyExpectation(contained: ["other_total"], metrics: [metric])
        let target = Target(
            id: "twice",
            probe: .http(
                Request(URL(scheme: .http, host: "127.0.0.1", port: Int(upstream.port), target: "/")),
                Expectation(.only(200), body: expectation)),
            timeout: .seconds(20))
        let limit = ProbeLimit(timeout: .seconds(20))
        let outcomes = await withTaskGroup(of: Outcome.self) { group in
            for _ in 0..<20 { group.addTask { await prober.outcome(of: target, within: limit) } }
            try? await waitUntil("all have been asked") { upstream.heads.count == 20 }
            upstream.release()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 20 && outcomes.allSatisfy { code($0) == "200" }, "\(outcomes.map(code))")
    }

    @Test("What is out when all is forgotten is judged by what it was begun with, and nothing else is")
    func forgotten() async throws {
        let upstream = try FaultyUpstream([.readHead, .hold, .send(Self.ok)])
        defer { upstream.stop() }
        async let former = read(upstream.port, BodyExpectation(contained: ["ok"]))
        try await waitUntil("the request is there") { upstream.heads.count == 1 }
        loop.run { prober.forget() }
        async let next = read(upstream.port, BodyExpectation(contained: ["no"]))
        try await waitUntil("the other, too") { upstream.heads.count == 2 }
        upstream.release()
        #expect(await former == Outcome(status: 200, .up))
        #expect(code(await next) == "body")
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")])
        #expect(await read(upstream.port, BodyExpectation(contained: ["no"])) == Outcome(status: 200, .up))
    }
}
