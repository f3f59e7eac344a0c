import HTTPTypes

/// The server's side of an HTTP/1.1 connection as a machine without a socket: it gets events and returns actions.
///
/// It handles one request at a time. Pipelined requests wait, so the responses keep their order.
package struct ConnectionMachine: Sendable {
    package struct Limits: Sendable, Hashable {
        package var head = RequestParser.Limits()
        /// The most content of a request that is discarded; a request with more is refused.
        package var contentBytes = 8192
        /// The most input that is discarded after a refusal, so that the client can read the response before the
        /// reset.
        package var lingerBytes = 64 * 1024
        /// The connection may begin with a header of the PROXY protocol.
        package var acceptsProxyHeader = false

        package init() {}
    }

    package enum Action: Sendable, Hashable {
        /// Wait for input.
        case read
        /// Call `answer` with the response to this request, now or later. Pipelined input may wait meanwhile.
        case answer(RequestHead)
        /// Call `answer` with the refusal at once.
        case refuse(RequestError)
        /// Close after all output is written.
        case close
        /// End the output after all of it is written; then discard input until the client closes its side, and close.
        case linger
    }

    /// The phase of the connection, which decides the time limit.
    package enum Phase: Sendable, Hashable {
        case head, content, answering, idle, lingering, closed
    }

    private enum State {
        /// Nothing was read yet, and a PROXY protocol header may come.
        case beginning
        case receiving(RequestParser)
        case skipping(ContentSkipper, RequestHead)
        case answering(Answer)
        case lingering(allowance: Int)
        case closed
    }

    /// The properties of a request that its response depends on.
    private struct Answer {
        var withContent = true
        var version = RequestHead.Version.http11
        var keepsAlive = false
        /// The rest of the input is not understood or not read.
        var lingers = true
    }

    private let limits: Limits
    private var state: State
    /// Input of an incomplete head, or of pipelined requests.
    private var pending: [UInt8] = []
    private var hasAnswered = false
    private var inputHasEnded = false
    /// Stored, because a slice of the buffer would copy the rest of it.
    package private(set) var phase = Phase.head
    /// The client's address from a PROXY protocol header; nil without one.
    package private(set) var proxiedSource: ProxyHeader.Source?

    package init(limits: Limits = Limits()) {
        self.limits = limits
        state = limits.acceptsProxyHeader ? .beginning : .receiving(RequestParser(limits: limits.head))
    }

    private mutating func notePhase() {
        phase =
            switch state {
            case .beginning: .head
            case .receiving: hasAnswered && pending.isEmpty ? .idle : .head
            case .skipping: .content
            case .answering: .answering
            case .lingering: .lingering
            case .closed: .closed
            }
    }

    /// Input has come from the client.
    package mutating func received(_ bytes: Span<UInt8>) -> Action {
        defer { notePhase() }
        switch state {
        case .beginning, .receiving, .skipping:
            guard !pending.isEmpty else { return advance(bytes) }
            pending.append(bytes)
            return advancePending()
        case .answering:
            pending.append(bytes)
            return .read
        case .lingering(let allowance):
            guard bytes.count <= allowance else { return end() }
            state = .lingering(allowance: allowance - bytes.count)
            return .read
        case .closed:
            return .close
        }
    }

    /// The client will send no more, but may still read (a half-closed connection).
    package mutating func inputEnded() -> Action {
        defer { notePhase() }
        inputHasEnded = true
        if case .answering = state { return .read }
        return end()
    }

    /// The time limit of the present phase has passed.
    package mutating func deadlinePassed() -> Action {
        defer { notePhase() }
        return switch state {
        case .beginning: refuse(.timeout, withContent: true)
        case .receiving(let parser) where phase == .head: refuse(.timeout, withContent: parser.method != .head)
        case .skipping(_, let head): refuse(.timeout, withContent: head.method != .head)
        case .receiving, .answering, .lingering, .closed: end()
        }
    }

    /// The server is stopping: a connection that waits for a request is closed at once; others after their response.
    package mutating func stopKeepingAlive() -> Action {
        defer { notePhase() }
        switch phase {
        case .idle: return end()
        case .head where pending.isEmpty: return end()
        default: return .read
        }
    }

    /// Must be called if the last action was to close, and unread input has come.
    package mutating func inputIsUnread() -> Action {
        defer { notePhase() }
        state = .lingering(allowance: limits.lingerBytes)
        return .linger
    }

    /// Encodes the response to the last request, and returns the next action.
    /// - Parameter keepAlive: false closes the connection, whatever the client has asked for.
    package mutating func answer(
        _ response: Response, date: HTTPDate, keepAlive: Bool = true, into output: inout [UInt8]
    ) -> Action {
        defer { notePhase() }
        guard case .answering(let answer) = state else { return end() }
        let goesOn = answer.keepsAlive && keepAlive && !(inputHasEnded && pending.isEmpty)
        response.append(
            withContent: answer.withContent,
            connection: goesOn ? .keptAlive(answer.version) : .closed, date: date, to: &output)
        guard goesOn else {
            guard answer.lingers || !pending.isEmpty, !inputHasEnded else { return end() }
            pending = []
            state = .lingering(allowance: limits.lingerBytes)
            return .linger
        }
        hasAnswered = true
        state = .receiving(RequestParser(limits: limits.head))
        return pending.isEmpty ? .read : advancePending()
    }

    private mutating func advancePending() -> Action {
        let bytes = pending
        pending = []
        return advance(bytes.span)
    }

    private mutating func advance(_ bytes: Span<UInt8>) -> Action {
        switch state {
        case .beginning:
            do {
                return try advanceBeginning(bytes)
            } catch {
                return refuse(error, withContent: true)
            }
        case .receiving(var parser):
            do {
                return try advance(&parser, bytes)
            } catch {
                // This refusal has a text of its own: if PROXY protocol is switched on only at the balancer, every
                // target fails at once.
                let isProxyHeader = !hasAnswered && !limits.acceptsProxyHeader && ProxyHeader.begins(bytes)
                return refuse(isProxyHeader ? .unexpectedProxyHeader : error, withContent: parser.method != .head)
            }
        case .skipping(let skipper, let head):
            do {
                return try advance(skipper, head, bytes)
            } catch {
                return refuse(error, withContent: head.method != .head)
            }
        case .answering, .lingering, .closed:
            return .read
        }
    }

    private mutating func advanceBeginning(_ bytes: Span<UInt8>) throws(RequestError) -> Action {
        var start = 0
        switch try ProxyHeader.read(bytes) {
        case .incomplete:
            pending.append(bytes)
            return inputHasEnded ? end() : .read
        case .absent: break
        case .header(let header, let length):
            proxiedSource = header.source
            start = length
        }
        state = .receiving(RequestParser(limits: limits.head))
        return start == bytes.count ? .read : advance(bytes.extracting(start..<bytes.count))
    }

    private mutating func advance(
        _ parser: inout RequestParser, _ bytes: Span<UInt8>
    ) throws(RequestError) -> Action {
        guard let (head, length) = try parser.parse(bytes) else {
            state = .receiving(parser)
            pending.append(bytes)
            return inputHasEnded ? end() : .read
        }
        let rest = bytes.extracting(length..<bytes.count)
        if head.framing == .none {
            pending.append(rest)
            return begin(head)
        }
        let skipper = try ContentSkipper(head.framing, limit: limits.contentBytes)
        if head.expectsContinue {
            // The final response may replace the 100 (RFC 9110 §10.1.1); the content may follow nevertheless.
            state = .answering(Answer(withContent: head.method != .head, version: head.version))
            return .answer(head)
        }
        return try advance(skipper, head, rest)
    }

    private mutating func advance(
        _ skipper: ContentSkipper, _ head: RequestHead, _ bytes: Span<UInt8>
    ) throws(RequestError) -> Action {
        var skipper = skipper
        guard let length = try skipper.skip(bytes) else {
            state = .skipping(skipper, head)
            return inputHasEnded ? end() : .read
        }
        pending.append(bytes.extracting(length..<bytes.count))
        return begin(head)
    }

    private mutating func begin(_ head: RequestHead) -> Action {
        state = .answering(
            Answer(
                withContent: head.method != .head, version: head.version, keepsAlive: head.keepsAlive, lingers: false))
        return .answer(head)
    }

    /// - Parameter withContent: false if the method is HEAD.
    private mutating func refuse(_ error: RequestError, withContent: Bool) -> Action {
        pending = []
        state = .answering(Answer(withContent: withContent))
        return .refuse(error)
    }

    private mutating func end() -> Action {
        pending = []
        state = .closed
        return .close
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
