import CurlClient
import Foundation
import HTTPClient
import TestSupport
import Testing

/// Why a request fails, by what its server does.
@Suite("Causes of failed transfers", .timeLimit(.minutes(5)))
struct CauseTests {
    private typealias Step = FaultyUpstream.Step

    private let client: CurlClient

    init() async throws {
        client = try await .started()
    }

    /// Asks an upstream that follows `script`.
    private func get(
        _ script: [Step], scheme: URL.Scheme = .http, within limit: Duration = .seconds(20)
    ) async throws -> Result<Response, TransferFailure> {
        let upstream = try FaultyUpstream(script)
        defer { upstream.stop() }
        let request = Request(.local(upstream.port, scheme: scheme), reading: .body)
        return await client.result(of: request, within: limit)
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
        let result = try await get(script)
        #expect(result.code == expected, "\(result)")
    }

    @Test(
        "Lines may end with LF alone, all of them or some",
        arguments: [
            "HTTP/1.1 200 OK\nX: y\nContent-Length: 2\n\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
            "HTTP/1.1 200 OK\nContent-Length: 2\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\n\nok",
            "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\r\nok\r\n0\r\n\r\n",
        ])
    func lineFeeds(response: String) async throws {
        let whole = Response(status: 200, body: Array("ok".utf8))
        #expect(try await get([.readHead, .send(response), .freeze]) == .success(whole))
        #expect(try await get([.readHead, .drip(response, every: .zero), .freeze]) == .success(whole))
        let upstream = try FaultyUpstream([.readHead, .send(response), .freeze])
        defer { upstream.stop() }
        #expect(await client.get(.local(upstream.port)) == .success(Response(status: 200)))
    }

    @Test("With LF alone, lengths that differ are none, and a head without its end is incomplete")
    func lineFeedFaults() async throws {
        let differing = "HTTP/1.1 200 OK\nContent-Length: 2\nContent-Length: 3\n\nok"
        #expect(try await get([.readHead, .send(differing), .freeze]).code == "protocol")
        #expect(try await get([.readHead, .send("HTTP/1.0 200 OK\nX: y\n"), .close]).code == "incomplete")
        let interim = "HTTP/1.1 100 Continue\nContent-Length: 7\n\n" + ok
        #expect(try await get([.readHead, .send(interim), .freeze]).code == "200")
    }

    @Test("An unrequested switch of protocols is a response")
    func switched() async throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 101 x\r\n\r\n"), .freeze])
        defer { upstream.stop() }
        #expect(await client.get(.local(upstream.port)).code == "101")
    }

    @Test("What is not HTTP is shown by its first bytes, and a TLS alert by its name")
    func firstBytes() async throws {
        let banner = try await get([.readHead, .send("SSH-2.0-OpenSSH_9.2\r\n"), .close])
        #expect(banner == .failure(.protocolError(detail: #"it begins with "SSH-2.0-OpenSSH_9.2""#)))
        let alert = try await get([.readHead, .sendBytes([0x15, 3, 1, 0, 2, 2, 0x46]), .close])
        #expect(alert == .failure(.protocolError(detail: "it is a TLS alert; is it https://?")))
        let endless = try await get([.readHead, .endless("garbage ")])
        #expect(endless.code == "protocol")
    }

    @Test("TLS with a server that speaks plain HTTP says so")
    func noTLS() async throws {
        let result = try await get([.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .close], scheme: .https)
        guard case .failure(.tls(let detail)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(detail.hasPrefix("no TLS there; is it http://? ("), "\(detail)")
    }

    @Test("The response may be as large as the limit, and no larger")
    func limit() async throws {
        let head = "HTTP/1.1 200 OK\r\n\r\n"
        let fits = String(repeating: "a", count: 64 * 1024 - head.utf8.count)
        #expect(try await get([.readHead, .send(head + fits), .close]).code == "200")
        #expect(try await get([.readHead, .send(head + fits + "a"), .close]).code == "too_large")
    }

    @Test("No listener: refused, with the place")
    func refused() async throws {
        let closed = try ClosedPort()
        #expect(
            await client.get(URL.local(closed.port), within: .seconds(20))
                == .failure(.refused(place: "127.0.0.1:\(closed.port)")))
    }

    @Test("No route: unreachable, with the system's message")
    func unreachable() async {
        let path = "/nonexistent-\(UUID().uuidString)/x.sock"
        let target = URL(scheme: .http, host: "localhost", target: "/", socketPath: path)
        #expect(
            await client.get(target, within: .seconds(20))
                == .failure(.unreachable(place: "unix:\(path)", detail: "no such file or directory")))
    }

    @Test("No answer to the connect: connect_timeout, in time")
    func connectTimeout() async throws {
        let full = try FullBacklog()
        let start = ContinuousClock.now
        let result = await client.get(URL.local(full.port), within: .milliseconds(300))
        #expect(result == .failure(.connectTimeout(place: "127.0.0.1:\(full.port)", limit: .milliseconds(300))))
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
        ] as [([FaultyUpstream.Step], URL.Scheme, TransferFailure.Phase)])
    func timeout(script: [FaultyUpstream.Step], scheme: URL.Scheme, phase: TransferFailure.Phase) async throws {
        let start = ContinuousClock.now
        let result = try await get(script, scheme: scheme, within: .milliseconds(300))
        #expect(result == .failure(.timeout(limit: .milliseconds(300), waitingFor: phase)))
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test("A name without an address: dns")
    func dns() async {
        let target = URL(scheme: .http, host: "no-such-host.invalid", port: 80, target: "/")
        // The limit ends the wait where the machine's name servers do not answer: that is dns as well.
        guard case .failure(.dns("no-such-host.invalid", let detail)) = await client.get(target, within: .seconds(2))
        else {
            Issue.record("not dns")
            return
        }
        #expect(!detail.isEmpty)
    }

    @Test("TLS with an untrusted certificate, or without one: tls")
    func tls() async throws {
        let server = try BadCertificate()
        guard
            case .failure(.tls(let detail)) = await client.get(
                URL.local(server.port, scheme: .https), within: .seconds(20))
        else {
            Issue.record("not tls")
            return
        }
        #expect(detail.contains("self"), "\(detail)")
        #expect(try await get([.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .close], scheme: .https).code == "tls")
    }
}
