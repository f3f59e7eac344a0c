import Foundation
import TestSupport
import Testing

@Suite("healthz and nginx, side by side", .serialized, .timeLimit(.minutes(5)))
struct DifferentialTests {
    /// The classes of the answers, such as `2xx 4xx`; empty where the connection ended without one.
    struct Difference: Equatable {
        let healthz: String
        let nginx: String
    }

    private static let next = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    private static let nginx = Nginx.Answers(
        """
        client_max_body_size 8k; large_client_header_buffers 4 8k; lingering_timeout 500ms;
        location = / { return 503; }
        location = /livez { if ($request_method !~ ^(GET|HEAD)$) { return 405; } return 200 "alive\\n"; }
        location / { return 404; }
        """)

    @Test("Both answer the same requests in the same way, except for known differences")
    func alike() throws {
        let closed = try ClosedPort()
        let sidecar = try RunningSidecar(["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        let nginx = try Nginx(Self.nginx)
        let requests = Self.requests
        #expect(requests.count >= 500)
        #expect(Set(requests.map(\.name)).count == requests.count)
        var known = Self.known
        for (name, request) in requests {
            let found = Difference(
                healthz: try Self.answers(to: request + Self.next, port: sidecar.port),
                nginx: try Self.answers(to: request + Self.next, port: nginx.port))
            let expected = known.removeValue(forKey: name)
            if let expected {
                #expect(found == expected.difference, "\(name)")
                #expect(found.healthz != found.nginx && !expected.reason.isEmpty, "\(name) is no difference")
            } else {
                #expect(found.healthz == found.nginx, "\(name): \(request.prefix(200).debugDescription)")
            }
        }
        #expect(known.keys.sorted() == [])
    }

    /// Sends all, ends the output, and reads what comes until the end or a reset.
    private static func answers(to request: String, port: UInt16) throws -> String {
        let client = try RawClient(port: port)
        // A server that has refused may be gone before all is sent.
        try? client.send(request.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        client.endOutput()
        var all: [UInt8] = []
        while let some = try? client.readSome(), !some.isEmpty { all += some }
        let text = String(decoding: all, as: UTF8.self)
        if !text.isEmpty, !text.hasPrefix("HTTP/1.1 ") { return "HTTP/0.9" }
        let classes = text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { answer -> String? in
            let code = answer.prefix { $0 != " " }
            return code.count == 3 ? code.first.map { "\($0)xx" } : nil
        }
        return classes.joined(separator: " ")
    }

    // MARK: Requests

    static func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }
    static func fields(_ lines: String) -> String { "GET /livez HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n" }

    /// Each once, however many tables it stands in.
    private static var requests: [(name: String, request: String)] {
        var seen: Set<String> = []
        return (lists + tables).filter { seen.insert($0.request).inserted }
    }

    private static var lists: [(name: String, request: String)] {
        let groups: [(String, [String], (String) -> String)] = [
            ("method", methods, { line("\($0) /livez HTTP/1.1") }),
            ("target", targets, { line("GET \($0) HTTP/1.1") }),
            ("version", versions, { line("GET /livez \($0)") }),
            ("request", whole, { $0 }),
            ("field", fieldLines, fields),
            ("host", hosts, { "GET /livez HTTP/1.1\r\nHost:\($0)\r\n\r\n" }),
            ("length", lengths, { fields("Content-Length:\($0)") + "ab" }),
            ("coding", codings, { fields("Transfer-Encoding:\($0)") + "0\r\n\r\n" }),
            ("chunks", chunks, { fields("Transfer-Encoding: chunked") + $0 }),
        ]
        return groups.flatMap { name, inputs, request in
            inputs.map { input in (Self.name(name, input), request(input)) }
        } + limits
    }

    private static let methods = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get", "G(T", "", "G-T", "G_T",
        "M!",
    ]

    private static let targets = [
        "/livez?", "/livez?a=b", "/livez?a/b?c", "/x", "//livez", "/livez/", "/%6Civez", "/x/../livez", "/./livez",
        "/..", "/%2e%2e", "/%00", "/a%2", "/a%zz", "/a#b", "/\"", "/\\", "/<a>", "/{a}", "/|", "/^", "/`", "/[",
        "/\u{E9}", "/\u{7F}", "/\u{0}", "/a b", "*", "livez", "a:80", "http://b/livez", "HTTP://b/livez", "http://b",
        "http://b?x", "http://b:80/livez", "http://[::1]/livez", "http:///livez", "http://u:p@b/livez",
        "https://b/livez", "ftp://b/livez", "http://b:x/livez", "",
    ]

    private static let versions = [
        "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/1.10", "HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "http/1.1", "HTTP/1",
        "HTTP/1.", "HTTP/11", "HTTP/1,1", "HTTP/x.1", "ICAP/1.0", "HTTP/1.1 ", " HTTP/1.1", "HTTP/1.1\t", "HTTP/1.1\r",
    ]

    private static let whole = [
        "\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
        "\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n", " GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/livez\tHTTP/1.1\r\nHost: a\r\n\r\n", "GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n", "GET /livez\r\n",
        "GET\r\n\r\n", "GET /livez HTTP/1.1\nHost: a\n\n", "GET /livez HTTP/1.1\r\nHost: a\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\n\n", "GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.0\r\n\r\n",
        "GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}\u{5}", "SSH-2.0-OpenSSH_9.2\r\n", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n\r\n", "GET /livez HTTP/1.1\r\n Host: a\r\n\r\n",
    ]

    private static let fieldLines = [
        "X: a", "X:", "X:a", "X: \t a \t ", "X: a\tb", "X: \u{FF}\u{80}", "X_Y: a", "!#$%&'*+.^`|~: a", "X : a",
        "X\t: a", ": a", "X", "X Y: a", "X(: a", "X\u{E9}: a", "X\u{0}: a", "X: a\r\n b", "X: a\r\n\tb", "X: a\u{0}b",
        "X: a\rb", "X: \u{1B}", "X: \u{7F}", "Connection: close", "Connection: CLOSE", "Connection: x, close",
        "Connection: keep-alive", "Connection:", "Connection: Upgrade\r\nUpgrade: h2c", "Expect: 100-continue",
        "Expect: x", "Range: bytes=0-0", "If-None-Match: \"a\"", "If-None-Match: *", "If-Match: \"a\"",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Accept-Encoding: gzip", "Accept: image/png",
        "TE: trailers", "Max-Forwards: 0",
    ]

    private static let hosts = [
        "", " a", "a", "\ta\t", " a:80", " a:", " a:b", " a:123456", " [::1]", " [::1]:80", " [::1", " [x]", " []",
        " [::1]x", " ::1", " a b", " a/b", " u@a", " a,b", " a%zz", " a\r\nHost: a", " a\r\nHost: b", " a_b", " a..b",
        " http://a",
    ]

    private static let lengths = [
        " 2", "2", " 02", " 2\t", " 0", " +2", " -2", " 2.0", " 0x2", " 2 2", " 2, 2", "", " a",
        " 2\r\nContent-Length: 2", " 2\r\nContent-Length: 3", " 99999999999999999999", " 9000",
        " 2\r\nTransfer-Encoding: chunked",
    ]

    private static let codings = [
        " chunked", " CHUNKED", " gzip", " gzip, chunked", " chunked, gzip", " chunked, chunked", " , chunked",
        " chunked,", " xchunked", " identity", "", " chunked;a", " \u{B}chunked",
        " chunked\r\nTransfer-Encoding: chunked",
        " chunked\r\nContent-Length: 5",
    ]

    private static let chunks = [
        "2\r\nab\r\n0\r\n\r\n", "0002\r\nab\r\n000\r\n\r\n", "2;a=b\r\nab\r\n0\r\n\r\n",
        "2;a=\"b;c\"\r\nab\r\n0;d\r\n\r\n",
        "0\r\nA: b\r\n\r\n", "0\r\nHost: b\r\nContent-Length: 5\r\n\r\n", "2 \r\nab\r\n0\r\n\r\n",
        "2 ;a\r\nab\r\n0\r\n\r\n", " 2\r\nab\r\n0\r\n\r\n", "\r\n", "g\r\n", "0x2\r\nab\r\n0\r\n\r\n", "-2\r\n",
        "+2\r\n",
        "2\nab\n0\n\n", "2\r\nab\n0\r\n\r\n", "2\r\nabc\r\n0\r\n\r\n", "2\r\na\r\n0\r\n\r\n", "0\r\nA: b\n\r\n",
        "0\r\n\n", "000000002\r\nab\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "0\r\nx\r\n\r\n",
    ]

    private static var limits: [(name: String, request: String)] {
        [
            (name("limit", "a request line of 7,000 bytes"), line("GET /\(text(7000)) HTTP/1.1")),
            (name("limit", "a request line of 9,000 bytes"), line("GET /\(text(9000)) HTTP/1.1")),
            (name("limit", "a field line of 7,000 bytes"), fields("X: \(text(7000))")),
            (name("limit", "a field line of 9,000 bytes"), fields("X: \(text(9000))")),
            (name("limit", "64 field lines"), fields(Array(repeating: "X: y", count: 63).joined(separator: "\r\n"))),
            (name("limit", "65 field lines"), fields(Array(repeating: "X: y", count: 64).joined(separator: "\r\n"))),
            (name("limit", "content of 8,000 bytes"), fields("Content-Length: 8000") + text(8000)),
            (name("limit", "content of 9,000 bytes"), fields("Content-Length: 9000") + text(9000)),
        ]
    }

    // MARK: Differences

    private struct Known {
        let difference: Difference
        let reason: String
    }

    /// Requests that get other answers, by group, and why. docs/http.md tells of each reason.
    typealias DifferenceGroup = (reason: String, healthz: String, nginx: String, names: [String: [String]])

    private static let differences: [DifferenceGroup] = [
        ("a method that is not known is 501 (RFC 9110 §9.1)", "5xx", "4xx", ["method": ["get", "M!"]]),
        ("a method that is not known is 501 (RFC 9110 §9.1)", "5xx", "4xx 2xx", ["method": ["BREW", "G-T", "G_T"]]),
        ("a method that is not known is 501 (RFC 9110 §9.1)", "2xx 5xx", "2xx 4xx", ["length": [" 0"]]),
        ("https wants a connection that is secured (RFC 9110 §7.4)", "4xx", "2xx 2xx", ["target": ["https://b/livez"]]),
        ("405 does not end the connection", "4xx 2xx", "4xx", ["method": ["TRACE"]]),
        ("OPTIONS * is valid (RFC 9112 §3.2.4)", "4xx 2xx", "4xx", ["request": [line("OPTIONS * HTTP/1.1")]]),
        (
            "nginx normalizes paths", "4xx 2xx", "2xx 2xx",
            ["target": ["//livez", "/%6Civez", "/x/../livez", "/./livez"]]
        ),
        ("a path need not be a file's", "4xx 2xx", "4xx", ["target": ["/..", "/%2e%2e", "/%00"]]),
        (
            "not in the grammar of targets (RFC 9112 §3.2)", "4xx", "4xx 2xx",
            ["target": ["/a#b", "/\"", "/\\", "/<a>", "/{a}", "/|", "/^", "/`", "/[", "/\u{E9}"]]
        ),
        ("a scheme that is not served", "4xx", "2xx 2xx", ["target": ["ftp://b/livez"]]),
        (
            "one space, and nothing after the version (RFC 9112 §3)", "4xx", "2xx 2xx",
            [
                "version": ["HTTP/1.10", "HTTP/1.1 ", " HTTP/1.1"],
                "request": ["GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n"],
            ]
        ),
        ("a major version that is not served (RFC 9110 §15.6.6)", "5xx", "4xx", ["version": ["HTTP/0.9"]]),
        ("no version at all (RFC 9112 §2.3)", "4xx", "5xx", ["version": ["HTTP/11"]]),
        (
            "HTTP/2 is not spoken here (RFC 9110 §15.6.6)", "5xx", "4xx",
            ["request": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]]
        ),
        ("HTTP/0.9 is not spoken here", "4xx", "HTTP/0.9", ["request": ["GET /livez\r\n"]]),
        (
            "CONNECT is not implemented (RFC 9110 §15.6.2)", "5xx", "4xx",
            ["request": ["CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"]]
        ),
        (
            "a line ends with CRLF (RFC 9112 §2.2)", "4xx", "2xx 2xx",
            [
                "request": [
                    "\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "GET /livez HTTP/1.1\nHost: a\n\n",
                    "GET /livez HTTP/1.1\r\nHost: a\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\n\n",
                ],
                "chunks": ["2\nab\n0\n\n", "2\r\nab\n0\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\n\n"],
            ]
        ),
        (
            "one empty line before a request is enough (RFC 9112 §2.2)", "4xx", "2xx 2xx",
            ["request": ["\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n"]]
        ),
        (
            "not in the grammar of fields (RFC 9112 §5, RFC 9110 §5.5)", "4xx", "2xx 2xx",
            ["field": ["X", "X(: a", "X\u{E9}: a", "X: \u{1B}", "X: \u{7F}"]]
        ),
        (
            "no content, so nothing to continue with (RFC 9110 §10.1.1)", "2xx 2xx", "1xx 2xx 2xx",
            ["field": ["Expect: 100-continue"]]
        ),
        ("an expectation that is not met (RFC 9110 §10.1.1)", "4xx", "2xx 2xx", ["field": ["Expect: x"]]),
        ("412 does not end the connection", "4xx 2xx", "4xx", ["field": ["If-Match: \"a\""]]),
        ("an empty Host, and dots in one, are valid (RFC 9110 §7.2)", "2xx 2xx", "4xx", ["host": ["", " a..b"]]),
        (
            "a tab is whitespace round a value (RFC 9110 §5.6.3)", "2xx 2xx", "4xx",
            ["host": ["\ta\t"], "length": [" 2\t"]]
        ),
        (
            "not in the grammar of Host (RFC 9110 §7.2)", "4xx", "2xx 2xx",
            ["host": [" a:b", " a:123456", " [::1", " []", " [::1]x", " u@a", " [x]", " a%zz"]]
        ),
        ("a control character in a field (RFC 9110 §5.5)", "4xx", "5xx", ["coding": [" \u{B}chunked"]]),
        (
            "no whitespace after a chunk's size (RFC 9112 §7.1)", "4xx", "2xx 2xx",
            ["chunks": ["2 \r\nab\r\n0\r\n\r\n"]]
        ),
        ("chunk data ends with CRLF (RFC 9112 §7.1)", "4xx", "2xx 2xx", ["chunks": ["2\r\na\r\n0\r\n\r\n"]]),
        (
            "without chunked at the end, nobody knows where the content ends (RFC 9112 §6.3)", "4xx", "5xx",
            ["coding": [" gzip", " xchunked", " identity", " chunked, gzip", " chunked;a", ""]]
        ),
        (
            "empty elements of a list are ignored (RFC 9110 §5.6.1.2)", "2xx 2xx", "5xx",
            ["coding": [" , chunked", " chunked,"]]
        ),
        ("nginx does not count field lines", "4xx", "2xx 2xx", ["limit": ["65 field lines"]]),
    ]

    private static var known: [String: Known] {
        var known: [String: Known] = [:]
        for difference in differences + differencesOfTables {
            for (group, inputs) in difference.names {
                for input in inputs {
                    known[name(group, input)] = Known(
                        difference: Difference(healthz: difference.healthz, nginx: difference.nginx),
                        reason: difference.reason)
                }
            }
        }
        return known
    }

    static func name(_ group: String, _ input: String) -> String { "\(group) \(input.debugDescription)" }
}
