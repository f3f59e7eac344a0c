import Foundation
import HTTPTypes
import HTTPWire
import TestSupport
import Testing

/// One rule, a client's bytes, and what comes of them. docs/http.md names rows by their rules.
struct ConformanceRow: Sendable, CustomTestStringConvertible {
    enum Ending: Sendable {
        case open, closed
    }

    let rule: String
    let section: String
    let input: String
    /// Each answer: `200 GET /x` to a request that was understood, `400` to one that was refused.
    let answers: [String]
    let ending: Ending

    init(_ rule: String, _ section: String, _ input: String, _ answers: [String], _ ending: Ending = .open) {
        self.rule = rule
        self.section = section
        self.input = input
        self.answers = answers
        self.ending = ending
    }

    /// Refused, and the connection closed.
    init(_ rule: String, _ section: String, _ input: String, refused status: Int) {
        self.init(rule, section, input, ["\(status)"], .closed)
    }

    /// Each scalar of the input is one octet, so that octets that are no UTF-8 can be written.
    var bytes: [UInt8] { input.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

    var testDescription: String { rule }
}

@Suite("Conformance to RFC 9110 and RFC 9112")
struct ConformanceTests {
    /// Plays a client against a machine, with the routes that healthz has.
    private struct Play {
        struct Sent {
            let text: String
            let isHead: Bool
            let next: ConnectionMachine.Action
        }

        private static let router = Router<String>(
            exact: ["/healthz": "all", "/livez": "alive"], below: ["/healthz": "one"])

        var machine = ConnectionMachine()
        var answers: [String] = []
        var sent: [Sent] = []

        mutating func feed(_ bytes: ArraySlice<UInt8>) {
            let piece = Array(bytes)
            perform(machine.received(piece.span))
        }

        mutating func perform(_ first: ConnectionMachine.Action) {
            var action = first
            while true {
                switch action {
                case .answer(let head):
                    let response = Self.response(head).under(head.precondition)
                    answers.append("\(response.status.code) \(head.method.rawValue) \(Self.text(head.target))")
                    action = send(response, isHead: head.method == .head)
                case .refuse(let error):
                    answers.append("\(error.status.code)")
                    action = send(.refusal(error), isHead: false)
                case .read, .close, .linger:
                    return
                }
            }
        }

        private mutating func send(_ response: Response, isHead: Bool) -> ConnectionMachine.Action {
            var bytes: [UInt8] = []
            let next = machine.answer(response, date: HTTPDate(seconds: 784_111_777), into: &bytes)
            sent.append(Sent(text: String(decoding: bytes, as: UTF8.self), isHead: isHead, next: next))
            return next
        }

        private static func response(_ head: RequestHead) -> Response {
            guard case .origin(let path, _) = head.target else {
                return .text(.methodNotAllowed, "", fields: [router.allow])
            }
            return switch router.match(head.method, path: path) {
            case .route(let name), .routeBelow(let name, _): .text(.ok, name)
            case .notFound: .text(.notFound, "not found")
            case .methodNotAllowed: .text(.methodNotAllowed, "not allowed", fields: [router.allow])
            }
        }

        private static func text(_ target: RequestTarget) -> String {
            switch target {
            case .asterisk: "*"
            case .origin(let path, nil): path
            case .origin(let path, let query?): "\(path)?\(query)"
            }
        }

        var ending: ConformanceRow.Ending {
            machine.phase == .closed || machine.phase == .lingering ? .closed : .open
        }
    }

    /// Whole, in single bytes, and cut in two at every byte; long input in fewer ways.
    private static func everyWay(_ row: ConformanceRow, _ check: (Play, String) -> Void) {
        let bytes = row.bytes
        let step = bytes.count > 1000 ? 997 : 1
        let ways = [[bytes.count], [1]] + stride(from: 1, to: bytes.count, by: step).map { [$0, bytes.count] }
        for sizes in ways {
            var play = Play()
            var rest = bytes[...]
            var index = 0
            while !rest.isEmpty {
                let piece = rest.prefix(sizes[min(index, sizes.count - 1)])
                index += 1
                rest = rest.dropFirst(piece.count)
                play.feed(piece)
            }
            check(play, "\(row.rule) (\(row.section)), in pieces of \(sizes)")
        }
    }

    private static func expectOutcome(_ row: ConformanceRow) {
        everyWay(row) { play, way in
            #expect(play.answers == row.answers, "\(way)")
            #expect(play.ending == row.ending, "\(way)")
        }
    }

    @Test("Each rule of message format and request line is kept", arguments: Rows.messages + Rows.requestLines)
    func startLines(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Each rule of methods, targets and versions is kept", arguments: Rows.methods + Rows.targets + Rows.versions)
    func requests(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Each rule of fields and Host is kept", arguments: Rows.fields + Rows.hosts)
    func fields(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Each rule of framing is kept", arguments: Rows.lengths + Rows.codings + Rows.chunks)
    func framing(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Each rule of expectations and connections is kept", arguments: Rows.expectations + Rows.connections)
    func connections(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Parts that a server may ignore are ignored, and limits are kept", arguments: Rows.ignored + Rows.limits)
    func limits(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test(
        "What is served or refused against leniency, and where the letter of an RFC is departed from",
        arguments: Rows.departures)
    func departures(row: ConformanceRow) { Self.expectOutcome(row) }

    @Test("Every answer is framed, dated and says whether the connection ends", arguments: Rows.all)
    func answers(row: ConformanceRow) throws {
        var play = Play()
        play.feed(row.bytes[...])
        for sent in play.sent {
            let parts = sent.text.components(separatedBy: "\r\n\r\n")
            let lines = parts[0].components(separatedBy: "\r\n")
            #expect(lines[0].hasPrefix("HTTP/1.1 "), "the highest version known, whatever was asked in")
            let code = lines[0].dropFirst("HTTP/1.1 ".count).prefix { $0 != " " }
            #expect(code.count == 3 && (200...599).contains(Int(code) ?? 0), "never an interim answer")
            var fields: [String: String] = [:]
            for line in lines.dropFirst() {
                let name = line.prefix { $0 != ":" }
                #expect(fields[name.lowercased()] == nil, "\(name) is sent once")
                fields[name.lowercased()] = String(line.dropFirst(name.count + 2))
            }
            #expect(fields["date"] == "Sun, 06 Nov 1994 08:49:37 GMT")
            #expect(fields["content-type"] == (code == "304" ? nil : "text/plain; charset=utf-8"))
            #expect(fields["transfer-encoding"] == nil)
            #expect((fields["allow"] == "GET, HEAD") == (code == "405"))
            #expect((fields["connection"] == "close") == (sent.next == .close || sent.next == .linger))
            let content = sent.text.dropFirst(parts[0].count + 2)
            if sent.isHead || code == "304" {
                #expect(content.isEmpty)
            } else {
                #expect(fields["content-length"] == "\(content.utf8.count)")
            }
        }
    }

    @Test("A status without a reason keeps the space before it")
    func reasonless() {
        var machine = ConnectionMachine()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        _ = machine.received(bytes.span)
        var output: [UInt8] = []
        _ = machine.answer(.text(.init(code: 599), ""), date: HTTPDate(seconds: 0), into: &output)
        #expect(output.starts(with: Array("HTTP/1.1 599 \r\n".utf8)))
    }

    @Test(
        "A HEAD whose request line is refused gets no content",
        arguments: ["HEAD /a%zz HTTP/1.1\r\n", "HEAD / HTTP/2.0\r\n"])
    func refusedHead(line: String) {
        var play = Play()
        play.feed(Array(line.utf8)[...])
        #expect(play.sent.count == 1 && play.sent[0].text.hasSuffix("\r\n\r\n"))
    }

    @Test("A refusal after an answer comes after it, and ends the connection")
    func refusalInTurn() {
        var machine = ConnectionMachine()
        let bytes = Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost : a\r\n\r\n".utf8)
        guard case .answer = machine.received(bytes.span) else {
            Issue.record("no request")
            return
        }
        var output: [UInt8] = []
        let next = machine.answer(.text(.ok, ""), date: HTTPDate(seconds: 0), into: &output)
        #expect(next == .refuse(.malformedField))
    }

    @Test("An incomplete request whose client ends is dropped, content or head", arguments: Rows.incomplete)
    func incomplete(row: ConformanceRow) {
        var play = Play()
        play.feed(row.bytes[...])
        #expect(play.answers == row.answers)
        #expect(play.machine.inputEnded() == .close)
    }

    @Test("Rows are named once")
    func names() {
        var seen: Set<String> = []
        for row in Rows.all { #expect(seen.insert(row.rule).inserted, "\(row.rule)") }
    }

    @Test("docs/http.md names tests and rows that exist")
    func document() throws {
        let document = try Repository.text("docs/http.md").components(separatedBy: "\n## nginx")[0]
        let rooms = ["HTTPWireTests", "HTTPServerTests", "EndToEndTests", "StandInsTests"]
        var sources: [String: String] = [:]
        for room in rooms {
            for file in try Repository.files(in: "Tests/\(room)") where file.hasSuffix(".swift") {
                let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
                sources[name] = try Repository.text(file)
            }
        }
        let rows = document.components(separatedBy: "\n").filter { $0.hasPrefix("| ") && $0.contains("§") }
        #expect(rows.count >= 120)
        let refusals = Dictionary(
            Rows.all.compactMap { row in row.answers.last.flatMap { $0.count == 3 ? (row.rule, $0) : nil } },
            uniquingKeysWith: { first, _ in first })
        #expect(refusals.count > 60)
        for row in rows {
            let columns = row.components(separatedBy: " | ")
            let named = columns[columns.count - 1].components(separatedBy: "`").enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
            #expect(columns.count == 4 && !named.isEmpty, "\(row)")
            for name in named {
                let parts = name.components(separatedBy: ": \"")
                let quoted = "\"\(parts.dropFirst().joined(separator: ": \""))"
                #expect(parts.count >= 2 && sources[parts[0]]?.contains(quoted) == true, "\(name)")
                // What the table says is done is what the row shows to be done.
                guard parts[0] == "ConformanceTests", let refused = refusals[String(quoted.dropFirst().dropLast())]
                else { continue }
                #expect(columns[2].contains(refused), "\(name) is \(refused): \(row)")
            }
        }
    }
}

/// The table.
private enum Rows {
    typealias Row = ConformanceRow

    static let get = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    static let alive = "200 GET /livez"

    static func get(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n" }
    static func method(_ method: String, _ target: String = "/livez") -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n"
    }
    static func host(_ value: String) -> String { "GET /livez HTTP/1.1\r\nHost:\(value)\r\n\r\n" }
    static func with(_ fields: String) -> String { "GET /livez HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }
    static func old(_ fields: String) -> String { "GET /livez HTTP/1.0\r\n\(fields)\r\n\r\n" }
    static func length(_ value: String) -> String { with("Content-Length:\(value)") }
    static func coding(_ value: String) -> String { with("Transfer-Encoding: \(value)") + "0\r\n\r\n" }
    static func chunks(_ text: String) -> String { with("Transfer-Encoding: chunked") + text }

    static var all: [Row] {
        messages + requestLines + methods + targets + versions + fields + hosts + lengths + codings + chunks
            + expectations + connections + ignored + limits + departures + incomplete
    }

    static let messages: [Row] = [
        Row("a head ends at its empty line", "9112 §2.1", get, [alive]),
        Row("one empty line before the request line is passed over", "9112 §2.2", "\r\n" + get, [alive]),
        Row("one empty line between two requests is passed over", "9112 §2.2", get + "\r\n" + get, [alive, alive]),
        Row(
            "one empty line after content is passed over", "9112 §2.2", length(" 2") + "ab\r\n" + get,
            [alive, alive]),
        Row("a second empty line is refused", "9112 §2.2", "\r\n\r\n" + get, refused: 400),
        Row("a bare LF does not end a request line", "9112 §2.2", "GET /livez HTTP/1.1\n", refused: 400),
        Row("a bare LF does not end a field line", "9112 §2.2", "GET /livez HTTP/1.1\r\nHost: a\n", refused: 400),
        Row("a bare LF does not end a head", "9112 §2.2", "GET /livez HTTP/1.1\r\nHost: a\r\n\n", refused: 400),
        Row("a bare LF is no empty line", "9112 §2.2", "\n" + get, refused: 400),
        Row("a bare CR in a method is refused", "9112 §2.2", "GE\rT /livez HTTP/1.1\r\n", refused: 400),
        Row("a bare CR in a target is refused", "9112 §2.2", "GET /li\rvez HTTP/1.1\r\n", refused: 400),
        Row("a bare CR in a version is refused", "9112 §2.2", "GET /livez HTTP/1.1\r\r\n", refused: 400),
        Row("a bare CR in a field name is refused", "9112 §2.2", "GET /livez HTTP/1.1\r\nHo\rst: a\r\n", refused: 400),
        Row("a bare CR in a field value is refused", "9112 §2.2", "GET /livez HTTP/1.1\r\nX: a\rb\r\n", refused: 400),
        Row(
            "a space between request line and fields is refused", "9112 §2.2",
            "GET /livez HTTP/1.1\r\n Host: a\r\n\r\n", refused: 400),
        Row(
            "a tab between request line and fields is refused", "9112 §2.2", "GET /livez HTTP/1.1\r\n\tX: b\r\n\r\n",
            refused: 400),
        Row("octets that are not UTF-8 are taken in a field value", "9112 §2.2", with("X: \u{FF}\u{80}"), [alive]),
        Row("octets that are not ASCII are refused in a target", "9112 §2.2", get("/\u{FF}"), refused: 400),
        Row("a TLS handshake is refused at its first byte", "9112 §2.2", "\u{16}\u{3}\u{1}", refused: 400),
        Row("a banner of another protocol is refused", "9112 §2.2", "SSH-2.0-OpenSSH_9.2\r\n", refused: 400),
        Row(
            "a PROXY line is refused", "9112 §2.2", "PROXY TCP4 192.0.2.1 192.0.2.2 1 80\r\n" + get, refused: 400),
    ]

    static let requestLines: [Row] = [
        Row("a request line of HTTP/0.9 is refused", "9112 §3", "GET /livez\r\n", refused: 400),
        Row("two spaces after the method are refused", "9112 §3", "GET  /livez HTTP/1.1\r\n", refused: 400),
        Row("two spaces before the version are refused", "9112 §3", "GET /livez  HTTP/1.1\r\n", refused: 400),
        Row("a space at the end of the request line is refused", "9112 §3", "GET /livez HTTP/1.1 \r\n", refused: 400),
        Row("a space before the request line is refused", "9112 §3", " GET /livez HTTP/1.1\r\n", refused: 400),
        Row("a tab for a space is refused", "9112 §3", "GET\t/livez HTTP/1.1\r\n", refused: 400),
        Row("a form feed for a space is refused", "9112 §3", "GET\u{C}/livez HTTP/1.1\r\n", refused: 400),
        Row("a space in a target is refused", "9112 §3", "GET /li vez HTTP/1.1\r\n", refused: 400),
        Row("a request line without a target is refused", "9112 §3", "GET HTTP/1.1\r\n", refused: 400),
        Row(
            "a request line of 8,000 bytes is read", "9112 §3", get("/" + String(repeating: "a", count: 7986)),
            ["404 GET /" + String(repeating: "a", count: 7986)]),
        Row("a longer request line is 414", "9112 §3", get("/" + String(repeating: "a", count: 7987)), refused: 414),
        Row(
            "a request line without an end is 414", "9112 §3", "GET /" + String(repeating: "a", count: 8100),
            refused: 414),
    ]

    static let methods: [Row] = [
        Row("GET is served", "9110 §9.1", method("GET"), [alive]),
        Row("HEAD is served", "9110 §9.1", method("HEAD"), ["200 HEAD /livez"]),
        Row("methods are read with regard to case", "9110 §9.1", method("get"), refused: 501),
        Row("a method is any token", "9112 §3.1", method("M!#$%&'*+-.^_`|~0"), refused: 501),
        Row("a method that is no token is refused", "9112 §3.1", method("G(T"), refused: 400),
        Row("a method that is empty is refused", "9112 §3.1", " /livez HTTP/1.1\r\n", refused: 400),
        Row("POST is 405", "9110 §15.5.6", method("POST"), ["405 POST /livez"]),
        Row("PUT is 405", "9110 §15.5.6", method("PUT"), ["405 PUT /livez"]),
        Row("DELETE is 405", "9110 §15.5.6", method("DELETE"), ["405 DELETE /livez"]),
        Row("PATCH is 405", "9110 §15.5.6", method("PATCH"), ["405 PATCH /livez"]),
        Row("QUERY is 405", "9110 §15.5.6", method("QUERY"), ["405 QUERY /livez"]),
        Row("OPTIONS is 405", "9110 §9.3.7", method("OPTIONS"), ["405 OPTIONS /livez"]),
        Row("OPTIONS of the server is 405", "9110 §9.3.7", method("OPTIONS", "*"), ["405 OPTIONS *"]),
        Row("TRACE is 405, and nothing is sent back", "9110 §9.3.8", method("TRACE"), ["405 TRACE /livez"]),
        Row("CONNECT is 501", "9110 §9.3.6", method("CONNECT", "a:80"), refused: 501),
        Row("CONNECT without a port is rejected", "9110 §9.3.6", method("CONNECT", "a:"), refused: 501),
        Row("a method is judged after the path", "9110 §15.5.5", method("POST", "/x"), ["404 POST /x"]),
    ]

    static let targets: [Row] = [
        Row("origin form", "9112 §3.2.1", get("/healthz"), ["200 GET /healthz"]),
        Row("origin form with a query", "9112 §3.2.1", get("/healthz?exclude=a"), ["200 GET /healthz?exclude=a"]),
        Row("a query that is empty", "9112 §3.2.1", get("/livez?"), ["200 GET /livez?"]),
        Row("question marks and slashes in a query", "9112 §3.2.1", get("/livez?a/b?c"), ["200 GET /livez?a/b?c"]),
        Row(
            "a path in percent-encoding leads to its service", "9110 §4.2.3", get("/healthz/lo%6bi"),
            ["200 GET /healthz/lo%6bi"]),
        Row("absolute form", "9112 §3.2.2", get("http://b/livez"), [alive]),
        Row("absolute form with a port and a query", "9112 §3.2.2", get("http://b:80/livez?x"), ["200 GET /livez?x"]),
        Row("absolute form with an IPv6 address", "9112 §3.2.2", get("http://[::1]:80/livez"), [alive]),
        Row("absolute form without a path", "9110 §4.2.3", get("http://b"), ["404 GET /"]),
        Row("absolute form with a query and no path", "9110 §4.2.3", get("http://b?x"), ["404 GET /?x"]),
        Row("a scheme without regard to case", "9110 §4.2.3", get("HTTP://b/livez"), [alive]),
        Row("absolute form wants Host all the same", "9112 §3.2", "GET http://b/livez HTTP/1.1\r\n\r\n", refused: 400),
        Row("another scheme is refused", "9112 §3.2.2", get("ftp://b/livez"), refused: 400),
        Row("absolute form without an authority is refused", "9110 §4.2.1", get("http:///livez"), refused: 400),
        Row("userinfo is refused", "9110 §4.2.4", get("http://u:p@b/livez"), refused: 400),
        Row("authority form is for CONNECT alone", "9112 §3.2.3", get("a:80"), refused: 400),
        Row("the asterisk is for OPTIONS alone", "9112 §3.2.4", get("*"), refused: 400),
        Row("a relative path is refused", "9112 §3.2.1", get("livez"), refused: 400),
        Row("a fragment is refused", "9110 §7.1", get("/livez#a"), refused: 400),
        Row("half a percent-encoded octet is refused", "9112 §3.2", get("/a%2"), refused: 400),
        Row("a percent sign without digits is refused", "9112 §3.2", get("/a%zz"), refused: 400),
        Row("a quotation mark in a target is refused", "9112 §3.2", get("/\""), refused: 400),
        Row("a backslash in a target is refused", "9112 §3.2", get("/\\"), refused: 400),
        Row("a brace in a target is refused", "9112 §3.2", get("/{"), refused: 400),
        Row("a bracket in a target is refused", "9112 §3.2", get("/["), refused: 400),
        Row("a NUL in a target is refused", "9112 §3.2", get("/\u{0}"), refused: 400),
        Row("two slashes are another path", "9110 §4.2.3", get("//livez"), ["404 GET //livez"]),
        Row("dot segments are not resolved", "9110 §4.2.3", get("/x/../livez"), ["404 GET /x/../livez"]),
        Row("a path's case counts", "9110 §4.2.3", get("/Livez"), ["404 GET /Livez"]),
    ]

    static let versions: [Row] = [
        Row("HTTP/1.0 is served", "9110 §2.5", "GET /livez HTTP/1.0\r\n\r\n", [alive], .closed),
        Row("a higher minor version is served as 1.1", "9110 §2.5", "GET /livez HTTP/1.9\r\nHost: a\r\n\r\n", [alive]),
        Row("HTTP/2.0 in a request line is 505", "9110 §15.6.6", "GET /livez HTTP/2.0\r\n", refused: 505),
        Row("HTTP/0.9 in a request line is 505", "9110 §15.6.6", "GET /livez HTTP/0.9\r\n", refused: 505),
        Row("the preface of HTTP/2 is 505", "9113 §3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused: 505),
        Row("a version in small letters is refused", "9112 §2.3", "GET /livez http/1.1\r\n", refused: 400),
        Row("a version of two digits is refused", "9112 §2.3", "GET /livez HTTP/1.10\r\n", refused: 400),
        Row("a version without a minor is refused", "9112 §2.3", "GET /livez HTTP/1\r\n", refused: 400),
        Row("another protocol's name is refused", "9112 §2.3", "GET /livez ICAP/1.0\r\n", refused: 400),
    ]

    static let fields: [Row] = [
        Row("no space is needed after the colon", "9112 §5", host("a"), [alive]),
        Row("whitespace round a value is no part of it", "9112 §5.1", host(" \t a \t "), [alive]),
        Row("a value that is empty", "9110 §5.5", with("X:"), [alive]),
        Row("a tab in a value", "9110 §5.5", with("X: a\tb"), [alive]),
        Row("a field name without regard to case", "9110 §5.1", "GET /livez HTTP/1.1\r\nhOST: a\r\n\r\n", [alive]),
        Row("a field name is any token", "9110 §5.1", with("!#$%&'*+-.^_`|~9: x"), [alive]),
        Row("an unknown field is ignored", "9110 §5.1", with("X-Unknown: 1\r\nX-Unknown: 2"), [alive]),
        Row("a space before the colon is refused", "9112 §5.1", with("X : a"), refused: 400),
        Row("a tab before the colon is refused", "9112 §5.1", with("X\t: a"), refused: 400),
        Row("a field name that is empty is refused", "9110 §5.1", with(": a"), refused: 400),
        Row("a field line without a colon is refused", "9112 §5", with("X"), refused: 400),
        Row("a field name that is no token is refused", "9110 §5.1", with("X(: a"), refused: 400),
        Row("a field name that is not ASCII is refused", "9110 §5.1", with("X\u{E9}: a"), refused: 400),
        Row("a folded line is refused", "9112 §5.2", with("X: a\r\n b"), refused: 400),
        Row("a line folded with a tab is refused", "9112 §5.2", with("X: a\r\n\tb"), refused: 400),
        Row("a folded line of blanks is refused", "9112 §5.2", with("X: a\r\n "), refused: 400),
        Row("a NUL in a value is refused", "9110 §5.5", with("X: a\u{0}b"), refused: 400),
        Row("a control character in a value is refused", "9110 §5.5", with("X: \u{1B}[2J"), refused: 400),
        Row("DEL in a value is refused", "9110 §5.5", with("X: \u{7F}"), refused: 400),
    ]

    static let hosts: [Row] = [
        Row("HTTP/1.1 without Host is refused", "9112 §3.2", "GET /livez HTTP/1.1\r\n\r\n", refused: 400),
        Row("HTTP/1.0 needs no Host", "9112 §3.2", "GET /livez HTTP/1.0\r\n\r\n", [alive], .closed),
        Row("two Hosts are refused", "9112 §3.2", with("Host: b"), refused: 400),
        Row("two equal Hosts are refused", "9112 §3.2", with("Host: a"), refused: 400),
        Row("two Hosts are refused in HTTP/1.0", "9112 §3.2", old("Host: a\r\nHost: a"), refused: 400),
        Row("an empty Host is valid", "9112 §3.2", host(""), [alive]),
        Row("a Host with a port", "9110 §7.2", host(" a.example:8080"), [alive]),
        Row("a Host with an empty port", "9110 §7.2", host(" a:"), [alive]),
        Row("a Host that is an IPv6 address", "9110 §7.2", host(" [2001:db8::1]:8080"), [alive]),
        Row("any Host is served", "9110 §7.4", host(" 192.0.2.77"), [alive]),
        Row("a Host with a space is refused", "9112 §3.2", host(" a b"), refused: 400),
        Row("a Host with a path is refused", "9112 §3.2", host(" a/b"), refused: 400),
        Row("a Host with userinfo is refused", "9112 §3.2", host(" u@a"), refused: 400),
        Row("a Host with a port that is no number is refused", "9112 §3.2", host(" a:b"), refused: 400),
        Row("a Host that is IPv6 without brackets is refused", "9112 §3.2", host(" ::1"), refused: 400),
        Row("a Host whose bracket is not closed is refused", "9112 §3.2", host(" [::1"), refused: 400),
        Row("a list of Hosts is refused", "9112 §3.2", host(" a, b"), refused: 400),
        Row("a Host that is a URI is refused", "9112 §3.2", host(" http://a"), refused: 400),
    ]

    static let lengths: [Row] = [
        Row("without framing there is no content", "9112 §6.3", method("POST") + get, ["405 POST /livez", alive]),
        Row("content of GET is read past", "9110 §9.3.1", length(" 5") + "hello" + get, [alive, alive]),
        Row(
            "content of HEAD is read past", "9110 §9.3.2",
            "HEAD /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx" + get, ["200 HEAD /livez", alive]),
        Row(
            "content is not taken for a request", "9112 §6.2", length(" \(get.utf8.count)") + get + get, [alive, alive]),
        Row("a length of zero", "9110 §8.6", length(" 0") + get, [alive, alive]),
        Row("a length with leading zeros", "9110 §8.6", length(" 002") + "ab" + get, [alive, alive]),
        Row("a length with a plus sign is refused", "9112 §6.3", length(" +1"), refused: 400),
        Row("a length below zero is refused", "9112 §6.3", length(" -1"), refused: 400),
        Row("a length in hexadecimal is refused", "9112 §6.3", length(" 0x1"), refused: 400),
        Row("a length with a fraction is refused", "9112 §6.3", length(" 1.0"), refused: 400),
        Row("a length of two numbers is refused", "9112 §6.3", length(" 1 1"), refused: 400),
        Row("a length that is empty is refused", "9112 §6.3", length(""), refused: 400),
        Row("lengths that differ are refused", "9112 §6.3", length(" 1\r\nContent-Length: 2"), refused: 400),
        Row("equal lengths are refused", "9112 §6.3", length(" 1\r\nContent-Length: 1"), refused: 400),
        Row("a list of equal lengths is refused", "9110 §8.6", length(" 1, 1"), refused: 400),
        Row("a length beyond all integers is 413", "9110 §8.6", length(" 99999999999999999999999"), refused: 413),
        Row(
            "content of 8,192 bytes is read past", "9110 §15.5.14",
            length(" 8192") + String(repeating: "x", count: 8192) + get, [alive, alive]),
        Row("more content is 413, before it comes", "9110 §15.5.14", length(" 8193"), refused: 413),
    ]

    static let codings: [Row] = [
        Row("chunked content", "9112 §7.1", chunks("5\r\nhello\r\n0\r\n\r\n") + get, [alive, alive]),
        Row("codings without regard to case", "9112 §7", coding("ChunkeD") + get, [alive, alive]),
        Row("chunked with a length is refused", "9112 §6.1", coding("chunked\r\nContent-Length: 5"), refused: 400),
        Row(
            "a length with chunked is refused", "9112 §6.3", with("Content-Length: 5\r\nTransfer-Encoding: chunked"),
            refused: 400),
        Row("chunked in HTTP/1.0 is refused", "9112 §6.1", old("Transfer-Encoding: chunked"), refused: 400),
        Row(
            "chunked twice in two lines is refused", "9112 §6.1", coding("chunked\r\nTransfer-Encoding: chunked"),
            refused: 400),
        Row("an unknown coding before chunked is 501", "9112 §6.1", coding("gzip, chunked"), refused: 501),
        Row("a parameter of chunked is an error", "9112 §7.1", coding("chunked;q=1"), refused: 400),
        Row("a coding whose name ends in chunked is refused", "9112 §6.1", coding("xchunked, chunked"), refused: 501),
        Row("a control character before chunked is refused", "9110 §5.5", coding("\u{B}chunked"), refused: 400),
    ]

    static let chunks: [Row] = [
        Row(
            "a chunk size in either case", "9112 §7.1", chunks("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n") + get,
            [alive, alive]),
        Row("a chunk size with leading zeros", "9112 §7.1", chunks("0001\r\nx\r\n000\r\n\r\n") + get, [alive, alive]),
        Row(
            "chunk extensions are ignored", "9112 §7.1.1", chunks("1;a;b=c;d=\"e;f\"\r\nx\r\n0;g\r\n\r\n") + get,
            [alive, alive]),
        Row(
            "trailers are read past", "9112 §7.1.2", chunks("0\r\nA: b\r\nC: d\r\n\r\n") + get, [alive, alive]),
        Row(
            "trailers have no say in framing", "9112 §7.1.2",
            chunks("0\r\nContent-Length: 5\r\nHost: b\r\nConnection: close\r\n\r\n") + get, [alive, alive]),
        Row(
            "chunk data is not taken for framing", "9112 §7.1", chunks("5\r\n0\r\n\r\n\r\n0\r\n\r\n") + get,
            [alive, alive]),
        Row("a chunk without a size is refused", "9112 §7.1", chunks("\r\n"), refused: 400),
        Row("a chunk size that is no number is refused", "9112 §7.1", chunks("g\r\n"), refused: 400),
        Row("a chunk size with 0x is refused", "9112 §7.1", chunks("0x1\r\n"), refused: 400),
        Row("a chunk size with a sign is refused", "9112 §7.1", chunks("+1\r\n"), refused: 400),
        Row("a space after a chunk size is refused", "9112 §7.1", chunks("1 \r\n"), refused: 400),
        Row("a bare LF after a chunk size is refused", "9112 §7.1", chunks("1\n"), refused: 400),
        Row("a bare LF in a chunk extension is refused", "9112 §7.1.1", chunks("1;a\n"), refused: 400),
        Row("chunk data longer than its size is refused", "9112 §7.1", chunks("1\r\nab\r\n"), refused: 400),
        Row("a bare LF after chunk data is refused", "9112 §7.1", chunks("1\r\na\n"), refused: 400),
        Row("a bare LF in a trailer is refused", "9112 §7.1.2", chunks("0\r\nA: b\n"), refused: 400),
        Row(
            "a large chunk size does not overflow", "9112 §7.1",
            chunks("ffffffff\r\n") + String(repeating: "x", count: 9000),
            refused: 413),
        Row("a chunk size of more than eight digits is refused", "9112 §7.1", chunks("fffffffff\r\n"), refused: 400),
        Row(
            "long chunk extensions are 413", "9112 §7.1.1", chunks("1;" + String(repeating: "a", count: 9000)),
            refused: 413),
        Row(
            "long trailers are 413", "9112 §7.1.2", chunks("0\r\nA: " + String(repeating: "a", count: 9000)),
            refused: 413),
    ]

    static let expectations: [Row] = [
        Row(
            "100-continue gets the final answer at once", "9110 §10.1.1",
            with("Content-Length: 5\r\nExpect: 100-continue"), [alive], .closed),
        Row(
            "100-continue with chunked gets the final answer at once", "9110 §10.1.1",
            with("Transfer-Encoding: chunked\r\nExpect: 100-continue"), [alive], .closed),
        Row(
            "content that comes all the same is no request", "9110 §10.1.1",
            with("Content-Length: \(get.utf8.count)\r\nExpect: 100-continue") + get, [alive], .closed),
        Row(
            "100-continue without regard to case", "9110 §10.1.1", with("Content-Length: 5\r\nExpect: 100-CONTINUE"),
            [alive], .closed),
        Row(
            "100-continue without content is as if it were not there", "9110 §10.1.1", with("Expect: 100-continue"),
            [alive]),
        Row("another expectation is 417", "9110 §10.1.1", with("Expect: x"), refused: 417),
        Row(
            "another expectation beside 100-continue is 417", "9110 §10.1.1", with("Expect: 100-continue, x"),
            refused: 417),
        Row("HTTP/1.0 has no expectations", "9110 §10.1.1", old("Expect: x"), [alive], .closed),
        Row(
            "100-continue in HTTP/1.0 is ignored, and content awaited", "9110 §10.1.1",
            old("Expect: 100-continue\r\nContent-Length: 2") + "a", []),
        Row(
            "too much content is refused before 100-continue", "9110 §10.1.1",
            with("Content-Length: 8193\r\nExpect: 100-continue"), refused: 413),
    ]

    static let connections: [Row] = [
        Row("HTTP/1.1 goes on", "9112 §9.3", get + get, [alive, alive]),
        Row("close ends the connection", "9112 §9.6", with("Connection: close"), [alive], .closed),
        Row("nothing after close is answered", "9112 §9.6", with("Connection: close") + get, [alive], .closed),
        Row("connection options without regard to case", "9110 §7.6.1", with("Connection: CLOSE"), [alive], .closed),
        Row("close among other options", "9110 §7.6.1", with("Connection: x, close ,y"), [alive], .closed),
        Row("close in a second line", "9110 §5.3", with("Connection: x\r\nConnection: close"), [alive], .closed),
        Row("empty list elements", "9110 §5.6.1.2", with("Connection: , ,,close,"), [alive], .closed),
        Row("an option that only begins with close", "9110 §7.6.1", with("Connection: closed"), [alive]),
        Row("HTTP/1.0 ends", "9112 §9.3", "GET /livez HTTP/1.0\r\n\r\n" + get, [alive], .closed),
        Row("HTTP/1.0 with keep-alive goes on", "9112 §9.3", old("Connection: keep-alive") + get, [alive, alive]),
        Row("close wins over keep-alive", "9112 §9.3", old("Connection: keep-alive, close"), [alive], .closed),
        Row("keep-alive in HTTP/1.1 changes nothing", "9112 §9.3", with("Connection: keep-alive"), [alive]),
        Row("Keep-Alive alone does not keep HTTP/1.0", "9112 C.2.2", old("Keep-Alive: timeout=5"), [alive], .closed),
        Row("Proxy-Connection has no meaning", "9112 C.2.2", old("Proxy-Connection: keep-alive"), [alive], .closed),
        Row(
            "an answer with an error status keeps the connection", "9112 §9.3", get("/x") + get,
            ["404 GET /x", alive]),
        Row(
            "pipelined requests are answered in order", "9112 §9.3.2", get("/a") + method("HEAD", "/b") + get("/c"),
            ["404 GET /a", "404 HEAD /b", "404 GET /c"]),
        Row(
            "a refusal among pipelined requests ends them", "9112 §9.3.2", get + "GET /\r\n" + get, [alive, "400"],
            .closed),
    ]

    static let ignored: [Row] = [
        Row(
            "an upgrade to HTTP/2 is ignored", "9110 §7.8",
            with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"), [alive]),
        Row(
            "an upgrade to WebSocket is ignored", "9110 §7.8", with("Connection: Upgrade\r\nUpgrade: websocket"),
            [alive]),
        Row("Range is ignored", "9110 §14.2", with("Range: bytes=0-0"), [alive]),
        Row("If-Range is ignored with Range", "9110 §13.1.5", with("If-Range: \"a\"\r\nRange: bytes=0-0"), [alive]),
        Row(
            "If-Modified-Since is ignored", "9110 §13.1.3", with("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
            [alive]),
        Row(
            "If-Unmodified-Since is ignored", "9110 §13.1.4",
            with("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), [alive]),
        Row("an entity tag matches none", "9110 §13.1.2", with("If-None-Match: \"a\""), [alive]),
        Row("TE is ignored", "9110 §10.1.4", with("Connection: TE\r\nTE: trailers, deflate;q=0.5"), [alive]),
        Row("Trailer is ignored", "9110 §6.6.2", with("Trailer: X"), [alive]),
        Row("Accept-Encoding gets no coding", "9110 §12.5.3", with("Accept-Encoding: gzip, br"), [alive]),
        Row("Max-Forwards is for others", "9110 §7.6.2", with("Max-Forwards: 0"), [alive]),
        Row("credentials are not asked for", "9110 §11.6.2", with("Authorization: Basic eDp5"), [alive]),
    ]

    static let limits: [Row] = [
        Row(
            "64 field lines are read", "9110 §5.4",
            with(Array(repeating: "X: y", count: 63).joined(separator: "\r\n")), [alive]),
        Row(
            "65 field lines are 431", "9110 §5.4", with(Array(repeating: "X: y", count: 64).joined(separator: "\r\n")),
            refused: 431),
        Row(
            "a field line of 9,000 bytes is 431", "9110 §5.4", with("X: " + String(repeating: "a", count: 9000)),
            refused: 431),
        Row(
            "a head without an end is 431", "9110 §5.4",
            "GET /livez HTTP/1.1\r\nX: " + String(repeating: "a", count: 8300), refused: 431),
    ]

    /// Not what the RFCs say, each explained in docs/http.md.
    static let departures: [Row] = [
        Row("a Host with half a percent-encoding is refused", "9112 §3.2", host(" a%zz"), refused: 400),
        Row("a Host with a percent-encoding is taken", "9110 §7.2", host(" a%2Db"), [alive]),
        Row("a Host whose brackets hold no address is refused", "9112 §3.2", host(" [x]"), refused: 400),
        Row("a Host that is an address to come is taken", "9110 §7.2", host(" [v1.x:y]:80"), [alive]),
        Row("a port of more than five digits is refused", "9110 §7.2", host(" a:000080"), refused: 400),
        Row("absolute form with a port and no host is refused", "9110 §4.2.1", get("http://:80/livez"), refused: 400),
        Row("absolute form with https is 421", "9110 §7.4", get("https://b/livez"), refused: 421),
        Row("a path is not normalized", "9110 §4.2.3", get("/%6Civez"), ["404 GET /%6Civez"]),
        Row("an unknown method is 501", "9110 §9.1", method("BREW"), refused: 501),
        Row("a coding that is not chunked is refused", "9112 §6.3", coding("gzip"), refused: 400),
        Row("chunked before another coding is refused", "9112 §6.3", coding("chunked, gzip"), refused: 400),
        Row("another coding before chunked is 501", "9112 §6.1", coding("gzip, chunked"), refused: 501),
        Row("empty elements beside chunked are passed over", "9110 §5.6.1.2", coding(", chunked ,"), [alive]),
        Row(
            "100-continue twice in a line is no other expectation", "9110 §10.1.1",
            with("Expect: 100-continue, 100-continue,"), [alive]),
        Row(
            "a space before a chunk extension is passed over", "9112 §7.1.1", chunks("1 \t;a\r\nx\r\n0\r\n\r\n"),
            [alive]),
        Row("leading zeros of a chunk size do not count", "9112 §7.1", chunks("000000001\r\nx\r\n0\r\n\r\n"), [alive]),
        Row("a trailer without a colon is read past", "9112 §2.2", chunks("0\r\nx\r\n\r\n"), [alive]),
        Row("If-None-Match with an asterisk is 304", "9110 §13.1.2", with("If-None-Match: *"), ["304 GET /livez"]),
        Row("If-Match with an entity tag is 412", "9110 §13.1.1", with("If-Match: \"a\""), ["412 GET /livez"]),
        Row("If-Match with an asterisk is true", "9110 §13.1.1", with("If-Match: *"), [alive]),
        Row(
            "If-Match comes before If-None-Match", "9110 §13.2.2", with("If-None-Match: *\r\nIf-Match: \"a\""),
            ["412 GET /livez"]),
        Row(
            "a precondition of what is not 2xx is ignored", "9110 §13.2.1",
            "GET /x HTTP/1.1\r\nHost: a\r\nIf-Match: \"a\"\r\nIf-None-Match: *\r\n\r\n", ["404 GET /x"]),
    ]

    static let incomplete: [Row] = [
        Row("half a request line", "9112 §8", "GET /li", []),
        Row("half a field line", "9112 §8", "GET /livez HTTP/1.1\r\nHos", []),
        Row("a head without its empty line", "9112 §8", "GET /livez HTTP/1.1\r\nHost: a\r\n", []),
        Row("content shorter than its length", "9112 §6.3", length(" 5") + "hell", []),
        Row("chunks without the last one", "9112 §8", chunks("5\r\nhello\r\n"), []),
        Row("chunks without the end of the trailers", "9112 §8", chunks("0\r\nA: b\r\n"), []),
    ]
}
