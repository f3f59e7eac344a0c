import CurlClient
import Foundation
import HTTPClient
import TestSupport
import Testing

/// What is sent, and what is kept of the response.
@Suite("Requests and responses", .timeLimit(.minutes(5)))
struct RequestTests {
    private typealias Step = FaultyUpstream.Step

    private let client: CurlClient

    init() async throws {
        client = try await .started()
    }

    /// The lines of the only head that the upstream has read.
    private func head(_ upstream: FaultyUpstream) throws -> [String] {
        try #require(upstream.heads.first).components(separatedBy: "\r\n")
    }

    // MARK: What is sent

    @Test("A request is a plain GET, with credentials where there are some")
    func plain() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        defer { upstream.stop() }
        let url = URL(
            scheme: .http, host: "127.0.0.1", port: Int(upstream.port), target: "/a/../b%20c?d=e",
            credentials: URL.Credentials(user: "probe", password: "p@ss:word"))
        _ = await client.get(url)
        let head = try head(upstream)
        #expect(head.first == "GET /a/../b%20c?d=e HTTP/1.1")
        #expect(head.contains("Host: 127.0.0.1:\(upstream.port)"))
        #expect(head.contains("User-Agent: healthz/test"))
        #expect(head.contains("Authorization: Basic \(Data("probe:p@ss:word".utf8).base64EncodedString())"))
        #expect(head.filter { $0.lowercased().hasPrefix("accept-encoding") } == ["Accept-Encoding: identity"])
    }

    @Test("Content is sent byte by byte as it is, whatever the method", arguments: ["PUT", "POST", "PATCH", "REPORT"])
    func content(name: String) async throws {
        let content: [UInt8] = Array(0...255) + Array("\r\n\0end".utf8)
        let upstream = try FaultyUpstream([.readHead, .readContent(content.count), .send(ok)])
        defer { upstream.stop() }
        let method = try #require(Request.Method(name))
        let fields = [
            Field(name: "X-Token", value: "geheim"), Field(name: "X-Empty", value: ""),
            Field(name: "content-type", value: "application/json"), Field(name: "User-Agent", value: "other"),
            Field(name: "accept-encoding", value: "br"),
        ]
        let request = Request(
            .local(upstream.port, "/v1/agent"), method: method, fields: fields, content: content, reading: .body)
        let result = await client.result(of: request)
        #expect(result == .success(Response(status: 200, body: Array("ok".utf8))))
        #expect(upstream.contents == [content])
        let head = try head(upstream)
        #expect(head.first == "\(name) /v1/agent HTTP/1.1")
        for line in [
            "Content-Length: \(content.count)", "X-Token: geheim", "X-Empty:", "content-type: application/json",
        ] {
            #expect(head.contains(line), "\(line)")
        }
        #expect(head.filter { $0.hasPrefix("User-Agent") } == ["User-Agent: other"])
        #expect(head.filter { $0.lowercased().hasPrefix("accept-encoding") } == ["accept-encoding: br"])
        #expect(!head.contains { $0.hasPrefix("Expect") || $0.hasPrefix("Transfer-Encoding") })
    }

    @Test(
        "Without content, a length of 0 is sent where the method expects content",
        arguments: [(Request.Method.put, true), (.post, true), (.patch, true), (.delete, false), (.get, false)])
    func noContent(method: Request.Method, hasLength: Bool) async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        defer { upstream.stop() }
        #expect(await client.result(of: Request(.local(upstream.port), method: method)).code == "200")
        let head = try head(upstream)
        #expect(head.first == "\(method.name) / HTTP/1.1")
        #expect(head.contains("Content-Length: 0") == hasLength)
        #expect(!head.contains { $0.hasPrefix("Content-Type") })
    }

    @Test("A response to HEAD ends with its head")
    func headOnly() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), .freeze,
        ])
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), method: .head, reading: .body)
        #expect(await client.result(of: request) == .success(Response(status: 200)))
        #expect(try head(upstream).first == "HEAD / HTTP/1.1")
    }

    @Test(
        "What cannot be sent as it stands is not sent",
        arguments: [
            Request(.local(9), fields: [Field(name: "X-A", value: "b\r\nX-B: c")]),
            Request(.local(9), fields: [Field(name: "X A", value: "b")]),
            Request(.local(9), method: .head, content: [1]),
        ])
    func unsendable(request: Request) async throws {
        #expect(await client.result(of: request).code == "internal")
    }

    @Test("No proxy is used, whatever the environment says")
    func proxies() async throws {
        let upstream = try FaultyUpstream([.readHead, .send(ok)])
        let proxy = try FaultyUpstream([.readHead, .send("HTTP/1.1 502 proxy\r\nContent-Length: 0\r\n\r\n")])
        defer { for one in [upstream, proxy] { one.stop() } }
        for name in ["http_proxy", "all_proxy"] { setenv(name, proxy.url, 1) }
        defer { for name in ["http_proxy", "all_proxy"] { unsetenv(name) } }
        #expect(await client.get(.local(upstream.port)).code == "200")
        #expect(proxy.accepted == 0)
    }

    // MARK: What is kept

    @Test("The requested part of the body is kept", arguments: [(0, ""), (4, "0123"), (10, "0123456789")])
    func keptBody(count: Int, expected: String) async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012"), .wait(.milliseconds(10)),
            .send("3456789"),
        ])
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), reading: Request.Reading(.whole(kept: count)))
        #expect(await client.result(of: request) == .success(Response(status: 200, body: Array(expected.utf8))))
    }

    @Test(
        "Of a body in lines, those are kept that are asked for; without one, its beginning",
        arguments: [("a 1\n# b\na 2\n", "a 1\na 2\n"), ("b 1\nbb 12\n", "b 1\nb"), ("", "")])
    func keptLines(body: String, expected: String) async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n"),
            .drip(body, every: .milliseconds(2)),
        ])
        defer { upstream.stop() }
        let reading = Request.Reading(limit: 1024, .lines(beginningWith: ["a"], orElse: 5))
        let request = Request(.local(upstream.port), reading: reading)
        for _ in 0..<2 {
            #expect(
                await client.result(of: request, reusing: "lines")
                    == .success(Response(status: 200, body: Array(expected.utf8))))
        }
    }

    @Test("A body in lines is read to its end, whatever is kept of it")
    func endOfLines() async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nb 1\nb 2\n"), .close,
        ])
        defer { upstream.stop() }
        func code(limit: Int) async -> String {
            let reading = Request.Reading(limit: limit, .lines(beginningWith: ["a"], orElse: 1))
            return await client.result(of: Request(.local(upstream.port), reading: reading)).code
        }
        #expect(await code(limit: 1024) == "incomplete")
        upstream.change(to: [.readHead, .send("HTTP/1.1 200 OK\r\n\r\n"), .endless("b 1\n")])
        #expect(await code(limit: 1024) == "too_large")
    }

    @Test("A response is as large as the request allows, and no larger, whether its body is kept or not")
    func limits() async throws {
        let head = "HTTP/1.1 200 OK\r\n\r\n"
        let body = String(repeating: "a", count: 200_000)
        let upstream = try FaultyUpstream([.readHead, .send(head + body), .close])
        defer { upstream.stop() }
        let size = head.utf8.count + body.utf8.count
        for kept in [0, Int.max] {
            for (limit, fits) in [(size, true), (size - 1, false), (20, false)] {
                let reading = Request.Reading(limit: limit, .whole(kept: kept))
                let result = await client.result(of: Request(.local(upstream.port), reading: reading))
                if fits {
                    let response = Response(status: 200, body: kept == 0 ? [] : Array(body.utf8))
                    #expect(result == .success(response))
                } else {
                    #expect(result == .failure(.tooLarge(limit: limit)))
                }
            }
        }
    }

    @Test(
        "Where the head is all that is wanted, nothing about the body counts, and it is not read",
        arguments: [
            "Content-Length: 200000000\r\n\r\n", "Content-Length: 9\r\n\r\nok", "\r\n",
            "Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "Transfer-Encoding: gzip\r\n\r\nno gzip",
            "Content-Encoding: gzip\r\n\r\nno gzip",
        ])
    func headAlone(rest: String) async throws {
        let body = String(repeating: "a", count: 1 << 20)
        for reuse in [false, true] {
            for end in [[Step.close], [.wait(.milliseconds(20)), .reset], [.freeze], [.endless(body)]] {
                let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 200 OK\r\n" + rest)] + end)
                defer { upstream.stop() }
                let request = Request(.local(upstream.port), reusesConnection: reuse)
                let within: Duration = reuse ? .seconds(1) : .seconds(20)
                let result = await client.result(of: request, within: within)
                #expect(result == .success(Response(status: 200)), "\(rest), \(end)")
                #expect(upstream.sent < 32 << 20, "\(upstream.sent) bytes were taken")
            }
        }
    }

    @Test("If the beginning of a body is requested, the part that comes in time is kept, even if the rest fails")
    func beginning() async throws {
        let reading = Request.Reading(.beginning(4), except: [.init(200...299, .none)])
        for reuse in [false, true] {
            for (rest, kept) in [("Content-Length: 200000000\r\n\r\nlong", "long"), ("\r\nno", "no"), ("\r\n", "")] {
                for end in [[Step.close], [.wait(.milliseconds(20)), .reset], [.freeze]] {
                    let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 503 x\r\n" + rest)] + end)
                    defer { upstream.stop() }
                    let request = Request(.local(upstream.port), reusesConnection: reuse, reading: reading)
                    let result = await client.result(of: request, within: .seconds(1))
                    #expect(result == .success(Response(status: 503, body: Array(kept.utf8))), "\(rest), \(end)")
                    upstream.change(to: [.readHead, .send("HTTP/1.1 204 x\r\n" + rest)] + end)
                    #expect(await client.result(of: request) == .success(Response(status: 204)), "\(rest), \(end)")
                }
            }
        }
    }

    @Test("A head must nevertheless be complete, have one length and be within the limit")
    func heads() async throws {
        let upstream = try FaultyUpstream([])
        defer { upstream.stop() }
        for (expected, text) in [
            ("incomplete", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
            ("protocol", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            ("too_large", "HTTP/1.1 200 OK\r\nX: \(String(repeating: "a", count: 70_000))\r\n\r\n"),
        ] {
            upstream.change(to: [.readHead, .send(text), .close])
            #expect(await client.get(.local(upstream.port)).code == expected)
        }
    }

    @Test("A short body that comes behind its head leaves a connection that can be kept")
    func bodyBehindHead() async throws {
        let answer: [Step] = [
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), .wait(.milliseconds(20)), .send("ok"),
        ]
        let upstream = try FaultyUpstream(answer + answer + answer)
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), reusesConnection: true)
        for _ in 0..<3 { #expect(await client.result(of: request).code == "200") }
        #expect(upstream.accepted == 1)
    }

    @Test("Fields are kept if requested: those of the final response, without trailers")
    func fields() async throws {
        let upstream = try FaultyUpstream([
            .readHead,
            .send(
                """
                HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-A:  1 \r\nX-Long: a\r\n b\r\nX-Empty:\r
                x-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: t\r\n\r\n
                """),
        ])
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), reading: Request.Reading(.whole(kept: 0), keepsFields: true))
        let response = try await client.result(of: request).get()
        #expect(
            response.fields == [
                Field(name: "X-A", value: "1"), Field(name: "X-Long", value: "a b"), Field(name: "X-Empty", value: ""),
                Field(name: "x-a", value: "2"), Field(name: "Transfer-Encoding", value: "chunked"),
            ])
        #expect(await client.result(of: Request(.local(upstream.port))) == .success(Response(status: 200)))
        let named = Request(
            .local(upstream.port),
            reading: Request.Reading(.whole(kept: 0), keepsFields: true, fieldNames: ["x-long", "X-EMPTY"]))
        #expect(
            try await client.result(of: named).get().fields == [
                Field(name: "X-Long", value: "a b"), Field(name: "X-Empty", value: ""),
            ])
        let other = Request(
            .local(upstream.port),
            reading: Request.Reading(.whole(kept: 0), keepsFields: true, fieldNames: ["X-A", "X-Empty"]))
        #expect(try await client.result(of: other).get().fields.map(\.value) == ["1", "", "2"])
    }

    // MARK: Handles

    @Test("A handle that is kept under a key serves only equal requests")
    func keys() async throws {
        let upstream = try FaultyUpstream([.readHead, .answer(["/a": ok, "/b": "HTTP/1.1 404 b\r\n\r\n"]), .close])
        defer { upstream.stop() }
        for (target, status) in [("/a", "200"), ("/a", "200"), ("/b", "404"), ("/a", "200")] {
            let request = Request(.local(upstream.port, target))
            #expect(await client.result(of: request, reusing: "key").code == status)
        }
        // Nothing is left of a response in the next.
        for reading in [Request.Reading.body, .status, .body] {
            let request = Request(.local(upstream.port, "/a"), reading: reading)
            let body = reading == .body ? Array("ok".utf8) : []
            #expect(await client.result(of: request, reusing: "key") == .success(Response(status: 200, body: body)))
        }
        await client.forget()
        #expect(await client.result(of: Request(.local(upstream.port, "/b")), reusing: "key").code == "404")
    }
}
