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
        #expect(!head.contains { $0.hasPrefix("Accept-Encoding") })
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

    @Test("Of the body, as much is kept as is asked for", arguments: [(0, ""), (4, "0123"), (10, "0123456789")])
    func keptBody(count: Int, expected: String) async throws {
        let upstream = try FaultyUpstream([
            .readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012"), .wait(.milliseconds(10)),
            .send("3456789"),
        ])
        defer { upstream.stop() }
        let request = Request(.local(upstream.port), reading: Request.Reading(keptBody: count))
        #expect(await client.result(of: request) == .success(Response(status: 200, body: Array(expected.utf8))))
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
                let reading = Request.Reading(limit: limit, keptBody: kept)
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

    @Test("Fields are kept where they are asked for: those of the final response, without its trailers")
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
        let request = Request(.local(upstream.port), reading: Request.Reading(keepsFields: true))
        let response = try await client.result(of: request).get()
        #expect(
            response.fields == [
                Field(name: "X-A", value: "1"), Field(name: "X-Long", value: "a b"), Field(name: "X-Empty", value: ""),
                Field(name: "x-a", value: "2"), Field(name: "Transfer-Encoding", value: "chunked"),
            ])
        #expect(await client.result(of: Request(.local(upstream.port))) == .success(Response(status: 200)))
        let named = Request(
            .local(upstream.port), reading: Request.Reading(keepsFields: true, fieldNames: ["x-long", "X-EMPTY"]))
        #expect(
            try await client.result(of: named).get().fields == [
                Field(name: "X-Long", value: "a b"), Field(name: "X-Empty", value: ""),
            ])
        let other = Request(
            .local(upstream.port), reading: Request.Reading(keepsFields: true, fieldNames: ["X-A", "X-Empty"]))
        #expect(try await client.result(of: other).get().fields.map(\.value) == ["1", "", "2"])
    }

    // MARK: Handles

    @Test("A handle that is kept under a key serves equal requests alone")
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
