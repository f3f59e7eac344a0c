import HTTPTypes
import HTTPWire
import Testing

@Suite("The request parser")
struct RequestParserTests {
    /// Parses text that comes in pieces of these sizes; the last size serves for the rest.
    private static func parse(
        _ text: String, pieces: [Int], limits: RequestParser.Limits = .init()
    ) throws(RequestError) -> (head: RequestHead, length: Int)? {
        let bytes = Array(text.utf8)
        var parser = RequestParser(limits: limits)
        var end = 0
        var index = 0
        while end < bytes.count {
            end = min(bytes.count, end + max(1, pieces[min(index, pieces.count - 1)]))
            index += 1
            if let found = try parser.parse(bytes.span.extracting(0..<end)) { return found }
        }
        return nil
    }

    /// The outcome is the same however the bytes come: whole, in single bytes, and cut in two at every byte.
    private static func everyWay(_ text: String, _ check: (Result<RequestHead?, RequestError>) -> Void) {
        let count = text.utf8.count
        let ways = [[count], [1]] + (1..<max(2, count)).map { [$0, count] }
        for pieces in ways {
            check(Result { () throws(RequestError) in try parse(text, pieces: pieces)?.head })
        }
    }

    @Test(
        "A valid head is read",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", nil, true),
            (
                "GET /healthz?exclude=loki&exclude=x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/healthz",
                "exclude=loki&exclude=x", true
            ),
            ("HEAD /livez HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nConnection: close\r\n\r\n", "HEAD", "/livez", nil, false),
            ("GET /? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET", "/", "", true),
            ("GET / HTTP/1.0\r\n\r\n", "GET", "/", nil, false),
            ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET", "/", nil, false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", nil, true),
            ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET", "/", nil, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x ,CLOSE\t, y\r\n\r\n", "GET", "/", nil, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection:\r\n\r\n", "GET", "/", nil, true),
            ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET", "/", nil, true),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", nil, true),
            ("GET http://b:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/x", "y", true),
            ("GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", nil, true),
            ("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "q", true),
            (
                "GET /%7Ea/b;c=d:@!$&'()*+,=-._~ HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/%7Ea/b;c=d:@!$&'()*+,=-._~",
                nil, true
            ),
            ("PATCH /pot HTTP/1.1\r\nHost:\r\n\r\n", "PATCH", "/pot", nil, true),
            ("GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t \r\nZ: \u{E9}\u{FF}\tq\r\n\r\n", "GET", "/", nil, true),
            ("GET / HTTP/1.1\r\nhOsT: a_b.c\r\n\r\n", "GET", "/", nil, true),
        ] as [(String, String, String, String?, Bool)])
    func accepted(text: String, method: String, path: String, query: String?, keepsAlive: Bool) {
        Self.everyWay(text) { result in
            guard case .success(let head?) = result else {
                Issue.record("\(text.debugDescription): \(result)")
                return
            }
            #expect(head.method.rawValue == method)
            #expect(head.target == .origin(path: path, query: query))
            #expect(head.keepsAlive == keepsAlive)
        }
    }

    @Test(
        "A head that RFC 9112 does not allow is refused, and with the right status",
        arguments: [
            // Request line (§3)
            ("GET  / HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("GET /\r\n", .malformedRequestLine, 400),
            ("GET / HTTP/1.1 \r\n", .malformedRequestLine, 400),
            ("GET / HTTP/1.10\r\n", .malformedRequestLine, 400),
            ("GET / http/1.1\r\n", .malformedRequestLine, 400),
            ("GET / HTTP/1\r\n", .malformedRequestLine, 400),
            ("GET / HTTP/1,1\r\n", .malformedRequestLine, 400),
            ("GET / HTTP/x.1\r\n", .malformedRequestLine, 400),
            (" GET / HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("G ET / HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("G(T / HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("GET\t/ HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("\r\n\r\nGET / HTTP/1.1\r\n", .malformedRequestLine, 400),
            ("\u{16}\u{3}\u{1}", .malformedRequestLine, 400),
            ("\u{0}", .malformedRequestLine, 400),
            ("GET / HTTP/2.0\r\n", .unsupportedVersion, 505),
            ("GET / HTTP/0.9\r\n", .unsupportedVersion, 505),
            ("PRI * HTTP/2.0\r\n", .unsupportedVersion, 505),
            // Target (§3.2)
            ("GET healthz HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET * HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /a#b HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /a%2 HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /a%zz HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /a\u{7F} HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /é HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /<script> HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET /?a=\"b\" HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET http:///x HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET http://u:p@h/x HTTP/1.1\r\n", .malformedTarget, 400),
            ("GET ftp://h/x HTTP/1.1\r\n", .malformedTarget, 400),
            ("CONNECT a:80 HTTP/1.1\r\n", .unsupportedMethod, 501),
            // Line ends (§2.2)
            ("GET / HTTP/1.1\nHost: a\n\n", .malformedLineEnd, 400),
            ("GET / HTTP/1.1\r\nHost: a\n", .malformedLineEnd, 400),
            ("\n", .malformedLineEnd, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", .malformedLineEnd, 400),
            ("GET / HTTP/1.1\r\r\n", .malformedRequestLine, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: a\rb\r\n", .malformedField, 400),
            // Fields (§5)
            ("GET / HTTP/1.1\r\nHost : a\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\n Host: a\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: a\r\n b\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: a\r\n\tb: c\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nHost\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\n: a\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX(: a\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX\u{0}: a\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: a\u{0}b\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: \u{7F}\r\n", .malformedField, 400),
            ("GET / HTTP/1.1\r\nX: \u{1B}[2J\r\n", .malformedField, 400),
            // Host (§3.2)
            ("GET / HTTP/1.1\r\n\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", .malformedHost, 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: u@a\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: a:b\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: a:123456\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: [::1\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: []\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: [::1]x\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: [::1::2]\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: [1:2:3:4:5:6:7]\r\n", .malformedHost, 400),
            ("GET / HTTP/1.1\r\nHost: [12345::1]\r\n", .malformedHost, 400),
            // Framing (§6)
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n", .malformedContentLength, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n", .contentTooLarge, 413),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
                .conflictingFraming, 400
            ),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                .conflictingFraming, 400
            ),
            ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingFraming, 400),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                .conflictingFraming, 400
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n", .unframedContent, 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", .unsupportedTransferCoding, 501),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n", .unframedContent, 400),
            // Expectations (RFC 9110 §10.1.1)
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", .expectationFailed, 417),
        ] as [(String, RequestError, Int)])
    func refused(text: String, error: RequestError, status: Int) {
        #expect(error.status.code == status)
        Self.everyWay(text) { result in
            #expect(throws: error, "\(text.debugDescription)") { try result.get() }
        }
    }

    @Test("A head that is cut off at any byte is incomplete, not invalid")
    func truncated() {
        let text = "GET /healthz HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        for count in 0..<text.utf8.count {
            let cut = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            #expect(throws: Never.self) {
                let found = try Self.parse(cut, pieces: [cut.utf8.count])
                #expect(found == nil)
            }
        }
    }

    @Test("A head ends where the next request begins")
    func length() throws {
        let first = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        let found = try #require(try Self.parse(first + "GET /b HTTP/1.1\r\n", pieces: [1000]))
        #expect(found.length == first.utf8.count)
        #expect(found.head.target == .origin(path: "/a", query: nil))
    }

    @Test("Limits hold to the byte")
    func limits() throws {
        func line(_ size: Int) -> String {
            "GET /" + String(repeating: "a", count: size - "GET / HTTP/1.1".utf8.count) + " HTTP/1.1\r\n"
        }
        func head(_ size: Int) -> String {
            let fixed = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
            return "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "b", count: size - fixed))\r\n\r\n"
        }
        func fields(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
        }
        for pieces in [[1], [100_000], [777]] {
            #expect(try Self.parse(line(8000) + "Host: a\r\n\r\n", pieces: pieces) != nil)
            #expect(throws: RequestError.requestLineTooLong) { try Self.parse(line(8001), pieces: pieces) }
            #expect(try Self.parse(head(8192), pieces: pieces) != nil)
            #expect(throws: RequestError.headTooLarge) { try Self.parse(head(8193), pieces: pieces) }
            #expect(try Self.parse(fields(64), pieces: pieces) != nil)
            #expect(throws: RequestError.tooManyFields) { try Self.parse(fields(65), pieces: pieces) }
        }
        // Without an end of line in sight, nothing more is taken in.
        #expect(throws: RequestError.requestLineTooLong) {
            try Self.parse("GET /" + String(repeating: "a", count: 8100), pieces: [1])
        }
        #expect(throws: RequestError.headTooLarge) {
            try Self.parse("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 9000), pieces: [1])
        }
    }

    @Test("Framing and expectations are read")
    func framing() throws {
        func head(_ fields: String) throws -> RequestHead {
            try #require(try Self.parse("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", pieces: [9999])).head
        }
        #expect(try head("").framing == .none)
        #expect(try head("Content-Length: 0\r\n").framing == .none)
        #expect(try head("Content-Length: 0012\r\n").framing == .length(12))
        #expect(try head("Transfer-Encoding: CHUNKED\r\n").framing == .chunked)
        #expect(try head("Expect: 100-Continue\r\n").expectsContinue)
        #expect(try !head("").expectsContinue)
        let old = try Self.parse("GET / HTTP/1.0\r\nExpect: whatever\r\n\r\n", pieces: [9999])
        #expect(try #require(old).head.expectsContinue == false)
    }

    @Test("Fields are found without regard to case, and lists are joined")
    func fields() throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\naCCept: text/plain \r\nX: 1\r\nACCEPT:\tapplication/json\r\n\r\n"
        let head = try #require(try Self.parse(text, pieces: [9999])).head
        #expect(head.fields[.accept] == "text/plain, application/json")
        #expect(head.fields[.userAgent] == nil)
        #expect(head.fields.count == 4)
    }

    @Test("An asterisk means the server as a whole")
    func asterisk() throws {
        let head = try #require(try Self.parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", pieces: [9999])).head
        #expect(head.target == .asterisk)
    }
}
