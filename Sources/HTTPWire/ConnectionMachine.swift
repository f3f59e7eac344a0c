import HTTPTypes

/// One connection's side of HTTP/1.1, without its socket: told what happened, it says what to do.
///
/// One request is in hand at a time; what a client sends ahead (pipelining) waits, so answers keep their order.
package struct ConnectionMachine: Sendable {
    package struct Limits: Sendable, Hashable {
        package var head = RequestParser.Limits()
        /// The most content of one request that is read past; more is refused.
        package var contentBytes = 8192
        /// The most that is read past after a refusal, so that the client can read the answer before the reset.
        package var lingerBytes = 64 * 1024
        /// The connection may begin with a header of the PROXY protocol.
        package var acceptsProxyHeader = false

        package init() {}
    }

    package enum Action: Sendable, Hashable {
        /// Wait for input.
        case read
        /// Call `answer` with the response to this request, now or later. Input may wait meanwhile.
        case answer(RequestHead)
        /// Call `answer` with the refusal, now.
        case refuse(RequestError)
        /// Close when all output is written.
        case close
        /// When all output is written, end it; then read on until the client ends its own, and close.
        case linger
    }

    /// What is being waited for, and so how long.
    package enum Phase: Sendable, Hashable {
        case head, content, answering, idle, lingering, closed
    }

    private enum State {
        /// Nothing was read yet, and a header of the PROXY protocol may come.
        case beginning
        case receiving(RequestParser)
        case skipping(ContentSkipper, RequestHead)
        case answering(Answer)
        case lingering(allowance: Int)
        case closed
    }

    /// What must be known of a request to answer it.
    private struct Answer {
        var withContent = true
        var version = RequestHead.Version.http11
        var keepsAlive = false
        /// The rest of the input cannot be understood, or will not be read.
        var lingers = true
    }

    private let limits: Limits
    private var state: State
    /// Input of the head that is not complete, or of requests that have to wait.
    private var pending: [UInt8] = []
    private var hasAnswered = false
    private var inputHasEnded = false
    /// Kept, and not found anew each time: whoever asks would copy all the rest for it.
    package private(set) var phase = Phase.head
    /// The client's address as a proxy told it; nil where none did.
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

    /// Bytes came from the client.
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

    /// The client will send no more; it may still read (a half-closed connection).
    package mutating func inputEnded() -> Action {
        defer { notePhase() }
        inputHasEnded = true
        if case .answering = state { return .read }
        return end()
    }

    /// The time allowed for the present phase is over.
    package mutating func deadlinePassed() -> Action {
        defer { notePhase() }
        return switch state {
        case .beginning: refuse(.timeout, withContent: true)
        case .receiving(let parser) where phase == .head: refuse(.timeout, withContent: parser.method != .head)
        case .skipping(_, let head): refuse(.timeout, withContent: head.method != .head)
        case .receiving, .answering, .lingering, .closed: end()
        }
    }

    /// The server is stopping: a connection that waits for a request need not be kept. Others close when answered.
    package mutating func stopKeepingAlive() -> Action {
        defer { notePhase() }
        switch phase {
        case .idle: return end()
        case .head where pending.isEmpty: return end()
        default: return .read
        }
    }

    /// To be called where the last action was to close, and input has come that nobody has read.
    package mutating func inputIsUnread() -> Action {
        defer { notePhase() }
        state = .lingering(allowance: limits.lingerBytes)
        return .linger
    }

    /// Writes the response that the last action asked for, and says how to go on.
    /// - Parameter keepAlive: false closes the connection whatever the client wants.
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
                // Said by name, as whoever has switched it on at the balancer sees every target fail at once.
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
            // The final answer may come instead of 100 (RFC 9110 §10.1.1); content may follow it all the same.
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

    /// - Parameter withContent: false where the method is known to be HEAD.
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
