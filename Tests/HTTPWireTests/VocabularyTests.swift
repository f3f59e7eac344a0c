import HTTPTypes
import HTTPWire
import Testing

@Suite("Router, query, Accept, dates")
struct VocabularyTests {
    enum Route: Equatable, Sendable {
        case health, service
    }

    private static let router = Router<Route>(exact: ["/healthz": .health], below: ["/healthz": .service])

    @Test(
        "A path leads to its route",
        arguments: [
            ("/healthz", .health, nil), ("/healthz/loki", .service, "loki"), ("/healthz/lo%6Bi", .service, "loki"),
            ("/healthz/", .service, ""), ("/healthz/a/b", .service, "a/b"), ("/", nil, nil), ("/health", nil, nil),
            ("/healthzz", nil, nil), ("/Healthz", nil, nil), ("//healthz", nil, nil),
        ] as [(String, Route?, String?)])
    func routes(path: String, expected: Route?, rest: String?) {
        for method in [HTTPRequest.Method.get, .head] {
            switch Self.router.match(method, path: path) {
            case .route(let route):
                #expect(route == expected)
                #expect(rest == nil)
            case .routeBelow(let route, let found):
                #expect(route == expected)
                #expect(found == rest)
            case .notFound: #expect(expected == nil)
            case .methodNotAllowed: Issue.record("\(method) is not allowed")
            }
        }
    }

    @Test("Another method is not allowed on a known path, and not found on an unknown one")
    func methods() {
        for method in [HTTPRequest.Method.post, .put, .delete, .options, .trace] {
            guard case .methodNotAllowed(.health) = Self.router.match(method, path: "/healthz") else {
                Issue.record("\(method) is allowed")
                continue
            }
            #expect(Self.router.allow == HTTPField(name: .allow, value: "GET, HEAD"))
            guard case .notFound = Self.router.match(method, path: "/x") else {
                Issue.record("\(method) is found")
                continue
            }
        }
    }

    @Test(
        "Values of a name are found in a query",
        arguments: [
            (nil, []), ("", []), ("exclude=loki", ["loki"]), ("exclude=loki&exclude=tempo", ["loki", "tempo"]),
            ("a=b&exclude=lo%6Bi&c", ["loki"]), ("exclude", [""]), ("exclude=", [""]), ("exclude=a=b", ["a=b"]),
            ("Exclude=loki", []), ("&&exclude=x&", ["x"]), ("%65xclude=x", ["x"]), ("exclude=%FF", ["\u{FFFD}"]),
            ("exclude=a%00b", ["a\u{0}b"]),
        ] as [(String?, [String])])
    func query(query: String?, values: [String]) {
        #expect(Query.values(of: "exclude", in: query) == values)
    }

    @Test(
        "The representation that the client likes best is chosen",
        arguments: [
            (nil, 0), ("", 0), ("*/*", 0), ("application/json", 0), ("text/plain", 1), ("TEXT/PLAIN", 1),
            ("text/*", 1), ("text/plain;q=0.5, application/json", 0), ("text/plain, application/json;q=0.9", 1),
            ("text/plain, application/json", 0), ("application/json;q=0, */*", 1), ("*/*;q=0.1, text/plain;q=0.2", 1),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 0), ("image/png", 0),
            ("text/plain;level=1;q=0.3, text/plain;q=0.7, application/json;q=0.5", 1),
            ("text/plain;charset=utf-8;q=0.3, */*;q=0.2", 1), ("text/plain; q=1.5", 0), ("garbage", 0), (",,,", 0),
            ("text/plain;q=0", 0),
        ] as [(String?, Int)])
    func accept(field: String?, index: Int) {
        #expect(Accept.preferred(field, of: ["application/json", "text/plain"]) == index)
    }

    @Test(
        "Parameters that a range has must not contradict those of what is offered",
        arguments: [
            (nil, 0), ("*/*", 0), ("application/openmetrics-text", 1),
            ("application/openmetrics-text;version=1.0.0", 1),
            ("application/openmetrics-text;version=0.0.1", 0), ("application/openmetrics-text; version=\"1.0.0\"", 1),
            ("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", 0),
            // Prometheus 2.42 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", 1
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                    + "application/openmetrics-text;version=0.0.1;q=0.4,"
                    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", 1
            ),
            ("text/plain;version=0.0.4;q=0.9,text/plain;q=0.1,application/openmetrics-text;q=0.5", 0),
            ("text/plain;version=1.0.0;q=0.9,text/plain;q=0.1,application/openmetrics-text;q=0.5", 1),
        ] as [(String?, Int)])
    func acceptWithParameters(field: String?, index: Int) {
        let offered = ["text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"]
        #expect(Accept.preferred(field, of: offered) == index)
    }

    @Test(
        "A status line has its reason phrase, also where the status is known by its code alone",
        arguments: [
            (200, "HTTP/1.1 200 OK\r\n"), (429, "HTTP/1.1 429 Too Many Requests\r\n"),
            (500, "HTTP/1.1 500 Internal Server Error\r\n"), (503, "HTTP/1.1 503 Service Unavailable\r\n"),
        ])
    func reasonPhrases(code: Int, line: String) {
        var machine = ConnectionMachine()
        _ = machine.received(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span)
        var output: [UInt8] = []
        let response = Response.text(HTTPResponse.Status(code: code), "")
        _ = machine.answer(response, date: HTTPDate(seconds: 0), into: &output)
        #expect(String(decoding: output, as: UTF8.self).hasPrefix(line))
    }

    @Test(
        "Dates are written as RFC 9110 wants them",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (1_795_219_200, "Sat, 21 Nov 2026 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ])
    func dates(seconds: Int, text: String) {
        var machine = ConnectionMachine()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        _ = machine.received(bytes.span)
        var output: [UInt8] = []
        _ = machine.answer(.text(.ok, ""), date: HTTPDate(seconds: seconds), into: &output)
        #expect(String(decoding: output, as: UTF8.self).contains("\r\nDate: \(text)\r\n"))
    }

    @Test("Every refusal has its status and its reason", arguments: RequestError.allCases)
    func refusals(error: RequestError) {
        let text = String(decoding: Response.refusal(error).content, as: UTF8.self)
        #expect(text == "\(error.status.code) \(error.status.reasonPhrase): \(error)\n")
        #expect((400...599).contains(error.status.code))
    }
}
