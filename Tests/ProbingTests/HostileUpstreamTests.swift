import EventLoop
import Foundation
import HTTPClient
import Health
import Probing
import TestSupport
import Testing

/// What an upstream can do to whoever probes it. Nothing is ever read beyond the limit, decompressed, or followed.
@Suite("Probing hostile upstreams", .timeLimit(.minutes(5)))
struct HostileUpstreamTests {
    private typealias Step = FaultyUpstream.Step

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    /// Far more than the limit and what sockets hold of a stream that is hardly read, and far less than what a reader
    /// without a limit would take in a probe's time.
    private static let sentLimit = 16 * 1024 * 1024
    private let prober: CurlProber

    init() async throws {
        prober = CurlProber(on: EventLoop(), userAgent: "healthz/test")
        try await prober.start()
    }

    private func probe(
        _ upstream: FaultyUpstream, _ body: BodyExpectation? = nil, reuse: Bool = false,
        within limit: Duration = .seconds(20)
    ) async -> Outcome {
        let url = URL(scheme: .http, host: "127.0.0.1", port: Int(upstream.port), target: "/")
        let target = Target(
            id: "\(url) \(body?.description ?? "")", request: Request(url, reusesConnection: reuse),
            expectation: .response(.only(200), body: body), timeout: limit)
        return await prober.outcome(of: target, within: limit)
    }

    private func code(_ outcome: Outcome) -> String {
        switch outcome {
        case .success(let response): response.mismatch.map { _ in "body" } ?? "\(response.status ?? 0)"
        case .failure(let failure): failure.cause.rawValue
        }
    }

    private static let long = String(repeating: "a", count: 4096)

    @Test(
        "What never ends is read up to the limit, and then let go of",
        arguments: [
            [.readHead, .endless("a")],
            [.readHead, .send("HTTP/1.1 200 "), .endless(long)],
            [.readHead, .send("HTTP/1.1 200 OK\r\n"), .endless("X: \(long)\r\n")],
            [.readHead, .send("HTTP/1.1 200 OK\r\nX: "), .endless(long)],
            [.readHead, .send("HTTP/1.1 200 OK\r\nX: a\r\n"), .endless(" \(long)\r\n")],
            [.readHead, .endless("HTTP/1.1 100 Continue\r\n\r\n")],
            [.readHead, .endless("HTTP/1.1 103 Early Hints\r\nLink: \(long)\r\n\r\n")],
            [.readHead, .send("HTTP/1.1 200 OK\r\n\r\n"), .endless(long)],
            [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"), .endless(long)],
            [
                .readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .endless("1000\r\n\(long)\r\n"),
            ],
            [
                .readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
                .endless("X: \(long)\r\n"),
            ],
        ] as [[FaultyUpstream.Step]])
    func endless(script: [FaultyUpstream.Step]) async throws {
        let upstream = try FaultyUpstream(script)
        defer { upstream.stop() }
        let outcome = await probe(upstream, BodyExpectation(contained: ["ready"]))
        #expect(["too_large", "protocol"].contains(code(outcome)), "\(outcome)")
        #expect(upstream.sent < Self.sentLimit, "\(upstream.sent) bytes were taken")
    }

    /// By what is left waiting in the socket, which depends on who is faster: 5 MB here, 36 MB under the thread
    /// sanitizer, and 16 GB where nobody looks.
    @Test("An endless chunk extension, which libcurl passes over unseen, is let go of long before the probe's time")
    func endlessExtension() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"), .endless(Self.long),
        ])
        defer { upstream.stop() }
        #expect(code(await probe(upstream)) == "too_large")
        #expect(upstream.sent < 512 << 20, "\(upstream.sent) bytes were taken")
    }

    @Test("A thousand fields are an answer as long as they fit, and too large where they do not")
    func manyFields() async throws {
        func answer(_ field: String) -> [FaultyUpstream.Step] {
            let fields = (0..<1000).map { "X-\($0): \(field)\r\n" }.joined()
            return [.readHead, .send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n"), .close]
        }
        let upstream = try FaultyUpstream(answer("a"))
        defer { upstream.stop() }
        #expect(code(await probe(upstream)) == "200")
        upstream.change(to: answer(String(repeating: "a", count: 100)))
        #expect(code(await probe(upstream)) == "too_large")
    }

    @Test("A hundred interim answers are passed over, each of whatever it says")
    func interimAnswers() async throws {
        let interim = "HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLink: </x>\r\n\r\n"
        let upstream = try FaultyUpstream([.readHead, .send(String(repeating: interim, count: 100) + Self.ok)])
        defer { upstream.stop() }
        let outcome = await probe(upstream, BodyExpectation(contained: ["ok"]))
        #expect(outcome == .success(ProbeResponse(status: 200)))
    }

    @Test("A compression bomb is as large as it is sent: no coding is asked for, none is undone")
    func compression() async throws {
        let folder = try Folder()
        try folder.write(String(repeating: "a", count: 8 * 1024 * 1024), to: "letters")
        #expect(try Program("/usr/bin/gzip", ["-9", folder.path("letters")]).wait().code == 0)
        let bomb = [UInt8](try Data(contentsOf: Foundation.URL(fileURLWithPath: folder.path("letters.gz"))))
        #expect(bomb.count < 64 * 1024 - 1000)
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"
        let upstream = try FaultyUpstream([.readHead, .send(head), .sendBytes(bomb)])
        defer { upstream.stop() }
        #expect(code(await probe(upstream)) == "200")
        // gzip(1) writes the file's name into its header, and what is packed has other letters.
        let packed = await probe(upstream, BodyExpectation(contained: ["letters"]))
        #expect(code(packed) == "200", "\(packed)")
        #expect(code(await probe(upstream, BodyExpectation(contained: ["aaaaaaaaaaaa"]))) == "body")
        #expect(!upstream.heads.contains { $0.lowercased().contains("accept-encoding") })
        // A transfer coding is undone by libcurl, asked for or not, but no further than to the limit.
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), .sendBytes(bomb)])
        #expect(code(await probe(upstream)) == "too_large")
    }

    @Test(
        "Lengths that differ or are none make a response that nobody can find the end of",
        arguments: [
            ("2\r\nContent-Length: 3", "protocol"), ("3\r\nContent-Length: 2", "protocol"), ("2, 3", "protocol"),
            ("2 3", "protocol"), ("-2", "protocol"), ("+2", "protocol"), ("0x2", "protocol"), ("2a", "protocol"),
            ("2.0", "protocol"), ("", "protocol"), ("2,", "protocol"),
            ("2\r\nX: y\r\ncontent-length: 2\r\nCONTENT-LENGTH: 3", "protocol"),
            ("3\r\nhttp/x: y\r\nContent-Length: 2", "protocol"), ("3\r\nHTTP/x: y\r\nContent-Length: 2", "protocol"),
            ("9223372036854775808", "protocol"), ("18446744073709551618", "protocol"),
            ("9223372036854775807", "incomplete"),
            ("2\r\nContent-Length: 2", "200"), ("2, 2", "200"), (" \t2\t ", "200"), ("2, 002", "200"),
            ("9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200"),
        ])
    func lengths(value: String, expected: String) async throws {
        let end = value.hasSuffix("\r\n\r\n") ? "" : "\r\n\r\nok"
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length:\(value)\(end)"), .close,
        ])
        defer { upstream.stop() }
        let outcome = await probe(upstream)
        #expect(code(outcome) == expected, "\(outcome)")
    }

    @Test("Redirects in a circle are one request, and an answer like another")
    func circle() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 307 x\r\nContent-Length: 0\r\nLocation: /\r\n\r\n"),
        ])
        defer { upstream.stop() }
        #expect(code(await probe(upstream)) == "307")
        #expect(upstream.heads.count == 1 && upstream.accepted == 1)
    }

    @Test(
        "Bytes that dribble in do not add to the time there is",
        arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", "HTTP/1.1 200 OK\r\nX: "])
    func dribble(start: String) async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send(start), .drip(String(repeating: "a", count: 5000), every: .milliseconds(5)),
        ])
        defer { upstream.stop() }
        let began = ContinuousClock.now
        let outcome = await probe(upstream, within: .milliseconds(300))
        #expect(outcome == .failure(.timeout(limit: .milliseconds(300), waitingFor: .restOfResponse)))
        // Not a measure of speed: all of it would take 25 s.
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    // MARK: Connections that are kept

    @Test(
        "On a kept connection, an answer that nobody asked for is not the next one's",
        arguments: [
            "HTTP/1.1 500 surplus\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 408 Request Timeout\r\n\r\n", "x",
        ])
    func surplus(text: String) async throws {
        for (wait, end) in [
            (Step.wait(.zero), Step.freeze), (.wait(.milliseconds(20)), .freeze), (.wait(.zero), .close),
        ] {
            let upstream = try FaultyUpstream([.readHead, .send(Self.ok), wait, .send(text), end])
            defer { upstream.stop() }
            for number in 1...3 {
                #expect(code(await probe(upstream, reuse: true)) == "200")
                try await upstream.hasSent(number * (Self.ok.utf8.count + text.utf8.count))
            }
            #expect(upstream.accepted == 3)
        }
    }

    @Test("Targets that share a kept connection do not get each other's answers either")
    func shared() async throws {
        let surplus = "HTTP/1.1 500 surplus\r\nContent-Length: 0\r\n\r\n"
        let upstream = try FaultyUpstream([
            .readHead, .send(Self.ok), .readHead, .send(Self.ok), .send(surplus), .freeze,
        ])
        defer { upstream.stop() }
        func target(_ name: String) -> Target {
            let url = URL(scheme: .http, host: "127.0.0.1", port: Int(upstream.port), target: "/\(name)")
            return Target(
                id: name, request: Request(url, reusesConnection: true), expectation: .response(.only(200)),
                timeout: .seconds(20))
        }
        for round in 1...3 {
            for name in ["a", "b"] {
                let outcome = await prober.outcome(of: target(name), within: .seconds(20))
                #expect(code(outcome) == "200", "\(name) in round \(round): \(outcome)")
            }
            try await upstream.hasSent(round * (2 * Self.ok.utf8.count + surplus.utf8.count))
            #expect(upstream.accepted == round)
        }
    }
}

extension FaultyUpstream {
    /// Waits until that much has been taken from it.
    fileprivate func hasSent(_ count: Int) async throws {
        try await waitUntil("\(count) bytes sent, not \(sent)") { sent >= count }
    }
}
