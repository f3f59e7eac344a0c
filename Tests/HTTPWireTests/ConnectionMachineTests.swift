import HTTPTypes
import HTTPWire
import Testing

@Suite("The connection machine")
struct ConnectionMachineTests {
    private static let date = HTTPDate(seconds: 784_111_777)
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Plays a client against a machine: feeds input in pieces and answers each request with its path.
    private struct Play {
        var machine = ConnectionMachine()
        var answered: [String] = []
        var refused: [RequestError] = []
        var output = ""
        var last = ConnectionMachine.Action.read

        mutating func feed(_ text: String, inPiecesOf size: Int = .max) {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(size))
                rest = rest.dropFirst(piece.count)
                perform(machine.received(piece.span))
            }
        }

        mutating func perform(_ first: ConnectionMachine.Action) {
            var action = first
            while true {
                last = action
                var bytes: [UInt8] = []
                switch action {
                case .answer(let head):
                    guard case .origin(let path, _) = head.target else { return }
                    answered.append("\(head.method.rawValue) \(path)")
                    action = machine.answer(.text(.ok, path), date: date, into: &bytes)
                case .refuse(let error):
                    refused.append(error)
                    action = machine.answer(.refusal(error), date: date, into: &bytes)
                case .read, .close, .linger:
                    return
                }
                output += String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    @Test("A response has its fields, its length, the date and the content")
    func response() {
        var play = Play()
        play.feed(Self.get)
        #expect(
            play.output == """
                HTTP/1.1 200 OK\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Length: 1\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                \r
                /
                """)
        #expect(play.last == .read)
        #expect(play.machine.phase == .idle)
    }

    @Test("HEAD gets the head of GET, without the content")
    func head() {
        var get = Play()
        var head = Play()
        get.feed(Self.get)
        head.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(get.output == head.output + "/")
    }

    @Test(
        "The connection goes on or ends as the client wants, and says so",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .read, nil),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", .close, "Connection: close"),
            ("GET / HTTP/1.0\r\n\r\n", .close, "Connection: close"),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", .read, "Connection: keep-alive"),
        ] as [(String, ConnectionMachine.Action, String?)])
    func persistence(text: String, action: ConnectionMachine.Action, field: String?) {
        var play = Play()
        play.feed(text)
        #expect(play.last == action)
        #expect(play.output.contains("Connection:") == (field != nil))
        if let field { #expect(play.output.contains("\r\n\(field)\r\n")) }
    }

    @Test("Pipelined requests are answered in order, however their bytes are split", arguments: [1, 2, 3, 7, 40, 1000])
    func pipelining(size: Int) {
        var play = Play()
        let requests = (0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        play.feed(requests, inPiecesOf: size)
        #expect(play.answered == (0..<20).map { "GET /\($0)" })
    }

    @Test("Input that comes before an answer waits for its turn")
    func waiting() {
        var machine = ConnectionMachine()
        let bytes = Array((Self.get + "GET /second HTTP/1.1\r\nHo").utf8)
        guard case .answer(let first) = machine.received(bytes.span) else {
            Issue.record("no request")
            return
        }
        #expect(machine.phase == .answering)
        let rest = Array("st: a\r\n\r\n".utf8)
        #expect(machine.received(rest.span) == .read)
        var output: [UInt8] = []
        guard case .answer(let second) = machine.answer(.text(.ok, ""), date: Self.date, into: &output) else {
            Issue.record("no second request")
            return
        }
        #expect(first.target == .origin(path: "/", query: nil))
        #expect(second.target == .origin(path: "/second", query: nil))
    }

    @Test("After a refusal nothing more is answered, and the connection ends", arguments: [1, 1000])
    func refusal(size: Int) {
        var play = Play()
        play.feed("GET / HTTP/1.1\r\nHost : a\r\n\r\n" + Self.get, inPiecesOf: size)
        #expect(play.answered.isEmpty)
        #expect(play.refused == [.malformedField])
        #expect(play.output.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(play.output.contains("\r\nConnection: close\r\n"))
        #expect(play.output.hasSuffix("400 Bad Request: a field line is not valid\n"))
        #expect(play.machine.phase == .lingering)
        #expect(play.machine.inputEnded() == .close)
    }

    @Test(
        "A refused HEAD gets no content",
        arguments: ["\r\n", "Host: a\r\nExpect: x\r\n\r\n", "Host: a\r\nContent-Length: 9999\r\n\r\n"])
    func refusedHead(fields: String) {
        var play = Play()
        play.feed("HEAD / HTTP/1.1\r\n" + fields)
        #expect(play.refused.count == 1)
        #expect(play.output.hasSuffix("\r\nConnection: close\r\n\r\n"))
    }

    @Test("A refused client may continue to send for a limited time")
    func lingering() {
        var play = Play()
        play.feed("\u{0}")
        let chunk = [UInt8](repeating: 65, count: 16 * 1024)
        for _ in 0..<4 { #expect(play.machine.received(chunk.span) == .read) }
        #expect(play.machine.received(chunk.span) == .close)
    }

    @Test("A half-closed client gets all its answers, then the end", arguments: [1, 1000])
    func halfClosed(size: Int) {
        var play = Play()
        play.feed(Self.get + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n", inPiecesOf: size)
        #expect(play.answered == ["GET /", "GET /b"])
        #expect(play.machine.inputEnded() == .close)

        var machine = ConnectionMachine()
        let bytes = Array(Self.get.utf8)
        guard case .answer = machine.received(bytes.span) else {
            Issue.record("no request")
            return
        }
        #expect(machine.inputEnded() == .read)
        var output: [UInt8] = []
        #expect(machine.answer(.text(.ok, ""), date: Self.date, into: &output) == .close)
        #expect(String(decoding: output, as: UTF8.self).contains("Connection: close"))
    }

    @Test("A connection that ends within a head is closed without a response")
    func cutOff() {
        var play = Play()
        play.feed("GET / HT")
        #expect(play.machine.inputEnded() == .close)
        #expect(play.output.isEmpty)
    }

    @Test(
        "Content is read past and never taken for a request",
        arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1C;x=\"y\"\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n\r\n00\r\nT: r\r\n\r\n",
        ])
    func content(request: String) {
        for size in [1, 2, 5, 1000] {
            var play = Play()
            play.feed(request + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n", inPiecesOf: size)
            #expect(play.answered == ["POST /", "GET /next"], "in pieces of \(size)")
            #expect(play.refused.isEmpty)
        }
    }

    @Test(
        "Chunks that are not well formed are refused",
        arguments: [
            "\r\n", "g\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n", "1\n", "1\rx", "100000000\r\n", "1\r\naXX",
            "1\r\na\rX", "1\r\na\nX", "0\r\n\nX", "0\r\n\rX", "1;\u{0}\r\n", "0\r\nA\u{0}: b\r\n",
        ])
    func malformedChunks(chunks: String) {
        for size in [1, 1000] {
            var play = Play()
            play.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, inPiecesOf: size)
            #expect(play.refused == [.malformedChunk], "\(chunks.debugDescription) in pieces of \(size)")
            #expect(play.answered.isEmpty)
        }
    }

    @Test("More content than the limit is refused")
    func tooMuchContent() {
        var announced = Play()
        announced.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8193\r\n\r\n")
        #expect(announced.refused == [.contentTooLarge])
        #expect(announced.output.hasPrefix("HTTP/1.1 413 "))

        var allowed = Play()
        allowed.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8192\r\n\r\n" + String(repeating: "x", count: 8192))
        #expect(allowed.answered == ["POST /"])

        for chunk in ["ffff\r\n" + String(repeating: "x", count: 9000), String(repeating: "1\r\na\r\n", count: 2000)] {
            var chunked = Play()
            chunked.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
            #expect(chunked.refused == [.contentTooLarge])
        }
    }

    @Test("A client that waits for 100 gets the final answer at once, and the connection ends")
    func expectation() {
        var play = Play()
        play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(play.answered == ["POST /"])
        #expect(play.last == .linger)
        #expect(play.output.contains("\r\nConnection: close\r\n"))
    }

    @Test("After its time limit, an incomplete head or content gets 408, and an idle connection is closed")
    func deadlines() {
        var silent = Play()
        silent.perform(silent.machine.deadlinePassed())
        #expect(silent.refused == [.timeout])
        #expect(silent.output.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))

        var slow = Play()
        slow.feed(Self.get)
        slow.feed("GET / HT")
        #expect(slow.machine.phase == .head)
        slow.perform(slow.machine.deadlinePassed())
        #expect(slow.refused == [.timeout])

        var content = Play()
        content.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        #expect(content.machine.phase == .content)
        content.perform(content.machine.deadlinePassed())
        #expect(content.refused == [.timeout])

        var idle = Play()
        idle.feed(Self.get)
        #expect(idle.machine.deadlinePassed() == .close)

        var lingering = Play()
        lingering.feed("\u{0}")
        #expect(lingering.machine.deadlinePassed() == .close)
    }

    @Test("A stopping server closes idle connections, and finishes running answers")
    func stopping() {
        var fresh = ConnectionMachine()
        #expect(fresh.stopKeepingAlive() == .close)
        var idle = Play()
        idle.feed(Self.get)
        #expect(idle.machine.stopKeepingAlive() == .close)

        var busy = ConnectionMachine()
        let bytes = Array(Self.get.utf8)
        _ = busy.received(bytes.span)
        #expect(busy.stopKeepingAlive() == .read)
        var output: [UInt8] = []
        #expect(busy.answer(.text(.ok, ""), date: Self.date, keepAlive: false, into: &output) == .close)
        #expect(String(decoding: output, as: UTF8.self).contains("Connection: close"))
    }

    private static var proxied: ConnectionMachine {
        var limits = ConnectionMachine.Limits()
        limits.acceptsProxyHeader = true
        return ConnectionMachine(limits: limits)
    }

    @Test("Where it is accepted, a connection may begin with a PROXY protocol header", arguments: 1...60)
    func proxyHeader(size: Int) {
        var play = Play(machine: Self.proxied)
        play.feed("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" + Self.get, inPiecesOf: size)
        #expect(play.answered == ["GET /"])
        #expect(play.machine.proxiedSource?.host == "192.0.2.1")
        // Once, and not before the next request.
        play.feed("PROXY UNKNOWN\r\n", inPiecesOf: size)
        #expect(play.refused == [.malformedRequestLine])
    }

    @Test("A PROXY protocol header is optional", arguments: 1...30)
    func noProxyHeader(size: Int) {
        var play = Play(machine: Self.proxied)
        play.feed(Self.get + "PUT", inPiecesOf: size)
        #expect(play.answered == ["GET /"])
        #expect(play.machine.proxiedSource == nil)
    }

    @Test("A broken PROXY protocol header is refused")
    func brokenProxyHeader() {
        var play = Play(machine: Self.proxied)
        play.feed("PROXY TCP4 here there 1 2\r\n" + Self.get)
        #expect(play.refused == [.malformedProxyHeader])
        #expect(play.answered.isEmpty)
    }

    @Test(
        "A PROXY protocol header where none is accepted is refused as what it is",
        arguments: ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{0C}"], 12...50)
    func unexpectedProxyHeader(header: String, size: Int) {
        var play = Play()
        play.feed(header + Self.get, inPiecesOf: size)
        #expect(play.refused == [.unexpectedProxyHeader])
        #expect(play.output.contains("PROXY protocol"))
    }

    @Test("A connection that ends or waits within a PROXY protocol header ends as one within a head")
    func unfinishedProxyHeader() {
        var play = Play(machine: Self.proxied)
        play.feed("PROXY TCP4 192.")
        #expect(play.machine.phase == .head)
        var other = play
        play.perform(play.machine.deadlinePassed())
        #expect(play.refused == [.timeout])
        other.perform(other.machine.inputEnded())
        #expect(other.last == .close)
    }
}
