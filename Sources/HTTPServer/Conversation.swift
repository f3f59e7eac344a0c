import EventLoop
import HTTPTypes
import HTTPWire
import Sockets
import Time

/// The requests and responses of one connection: performs the actions of its `ConnectionMachine` on its socket.
/// Not Sendable: it belongs to the server.
final class Conversation {
    /// What the connection's deadline is for.
    enum Phase: Equatable {
        case machine(ConnectionMachine.Phase)
        /// The client has not read all output yet.
        case writing
    }

    /// Reads in one turn, before other connections get theirs.
    private static let readBatch = 16
    /// Output that is gathered before it is written.
    private static let outputBatch = 64 * 1024
    static let input: Poll.Events = [.readable, .inputEnded, .edgeTriggered]
    private static let inputAndOutput: Poll.Events = [.readable, .inputEnded, .edgeTriggered, .writable]

    let peer: Peer
    private let trustsProxyHeader: Bool
    private let server: Server
    private let state: ServerState
    private var socket: ClientSocket
    private var machine: ConnectionMachine
    /// An action to continue with when the client has read all output, or when other connections have had their turn.
    /// Input is not read before.
    private var postponed: ConnectionMachine.Action?
    private var outputIsWatched = false
    /// The phase that the present deadline belongs to.
    private var timedPhase: Phase?
    /// The number of the request that is being answered; 0 if there is none.
    private var request = 0
    /// The request for which the handler has returned nil.
    private var awaited: AskedRequest?
    private var answeredRequests = 0

    init(_ socket: ClientSocket, _ peer: Peer, _ server: Server, _ state: ServerState) {
        self.socket = socket
        self.peer = peer
        self.server = server
        self.state = state
        let proxyHeader = state.limits.proxyHeader(peer)
        trustsProxyHeader = proxyHeader == .trusted
        var limits = state.limits.machine
        limits.acceptsProxyHeader = proxyHeader != .refused
        machine = ConnectionMachine(limits: limits)
    }

    var descriptor: Int32 { socket.descriptor }

    /// The peer, or the client in its PROXY protocol header.
    private var client: Peer {
        guard let source = machine.proxiedSource else { return peer }
        return peer.proxying(host: source.host, port: source.port, isTrusted: trustsProxyHeader)
    }

    /// The poll has reported events.
    func isReady(_ events: Poll.Events) {
        if events.hasFailed, socket.hasFailed { return close() }
        if events.hasInput { socket.mayRead = true }
        if events.hasEnd { socket.inputEndIsNear = true }
        if events.isWritable, socket.hasUnsent { return writeUnsent() }
        readInput()
    }

    /// Other connections have had their turn.
    func resume() {
        guard !socket.hasUnsent else { return }
        if let action = postponed {
            postponed = nil
            perform(action)
        }
        readInput()
    }

    /// The response to a request has come after its handler had returned nil.
    func deliver(_ response: Response, to request: Int) {
        guard request == self.request else { return }
        guard let awaited else {
            // The handler is still running, and earlier responses are not written yet.
            return state.loop.run { [weak server, descriptor = socket.descriptor] in
                server?.assumeIsolated { $0.deliver(response, to: request, on: descriptor) }
            }
        }
        self.awaited = nil
        var output: [UInt8] = []
        let next = encode(response, to: awaited, into: &output)
        perform(next, output)
        readInput()
    }

    func deadlinePassed() {
        timedPhase = nil
        if socket.hasUnsent {
            state.report(.writeTimeout)
            close()
        } else {
            if machine.phase == .idle { state.report(.idleTimeout) }
            perform(machine.deadlinePassed())
        }
    }

    /// The server is stopping: answers requests that have arrived, and closes a connection without one.
    /// - Parameter closingUnused: also closes a connection that has had no request yet.
    func stop(closingUnused: Bool) {
        // The poll may not have reported it yet.
        socket.mayRead = true
        readInput()
        guard socket.isOpen, closingUnused || machine.phase == .idle else { return }
        let action = machine.stopKeepingAlive()
        // Any other connection continues as before.
        if action != .read { perform(action) }
    }

    func close() {
        guard socket.isOpen else { return }
        socket.close()
        state.remove(self)
    }

    /// The time of a phase counts from its beginning; slow input does not extend it.
    func setDeadline() {
        let phase: Phase = socket.hasUnsent ? .writing : .machine(machine.phase)
        guard phase != timedPhase else { return }
        timedPhase = phase
        state.connections.note(phase, of: descriptor)
        if let timeout = state.limits.timeout(of: phase) {
            state.deadlines.set(Int(descriptor), to: .now + timeout)
        } else {
            state.deadlines.remove(Int(descriptor))
        }
    }

    // MARK: Input

    private func readInput() {
        var reads = 0
        while socket.isOpen, socket.mayRead, !socket.hasUnsent, machine.phase != .answering {
            reads += 1
            guard reads <= Conversation.readBatch else { return resumeLater() }
            switch read() {
            case .action(let action): perform(action)
            case .none: break
            case .failed: close()
            }
        }
    }

    private func read() -> ConversationInput {
        state.input.withUnsafeMutableBufferPointer { buffer in
            switch socket.read(into: UnsafeMutableRawBufferPointer(buffer)) {
            case .bytes(let count): .action(machine.received(buffer.span.extracting(0..<count)))
            case .end: .action(machine.inputEnded())
            case .none: .none
            case .failed: .failed
            }
        }
    }

    private func resumeLater() {
        state.loop.run { [weak server, descriptor = socket.descriptor] in
            // By then the descriptor may belong to another connection, for which an early `resume` does no harm.
            server?.assumeIsolated { $0.resume(descriptor) }
        }
    }

    // MARK: Actions

    /// Performs an action and those that follow it, until the connection has to wait.
    private func perform(_ first: ConnectionMachine.Action, _ written: [UInt8] = []) {
        var action = first
        var output = written
        var requests = 0
        while let next = step(action, &output, &requests) { action = next }
        if socket.isOpen { setDeadline() }
    }

    /// - Parameters:
    ///   - output: what to write before the connection waits.
    ///   - requests: how many were answered in this turn.
    /// - Returns: the next action; nil if the connection has to wait.
    private func step(
        _ action: ConnectionMachine.Action, _ output: inout [UInt8], _ requests: inout Int
    ) -> ConnectionMachine.Action? {
        switch action {
        case .answer(let head):
            let isTurnOver = requests == state.limits.pipelinedRequests
            if isTurnOver || socket.hasUnsent || output.count >= Conversation.outputBatch {
                guard flush(&output, before: action) else { return nil }
            }
            guard !isTurnOver else {
                state.report(.pipelinedRequests)
                postponed = action
                resumeLater()
                return nil
            }
            requests += 1
            return answer(head, &output)
        case .refuse(let error):
            state.report(.refusal(error))
            return encode(.refusal(error), to: asked(.failure(error)), into: &output)
        case .read:
            _ = flush(&output)
            return nil
        case .close:
            guard flush(&output, before: action) else { return nil }
            // If a socket is closed with unread input, the kernel sends a reset, and the client may lose the response.
            if socket.hasUnreadInput { return machine.inputIsUnread() }
            close()
            return nil
        case .linger:
            guard flush(&output, before: action) else { return nil }
            socket.endOutput()
            // The poll does not report earlier events again.
            resumeLater()
            return nil
        }
    }

    /// The handler is asked once for a request. It returns the response, or nil, and then `deliver` is called.
    private func answer(_ head: RequestHead, _ output: inout [UInt8]) -> ConnectionMachine.Action? {
        let asked = asked(.success(head))
        request = state.nextRequestNumber()
        let reply = ConnectionReply(server: server, descriptor: descriptor, request: request)
        if let response = state.handler(head, client, reply) {
            return encode(response, to: asked, into: &output)
        }
        awaited = asked
        _ = flush(&output)
        return nil
    }

    private func asked(_ request: Result<RequestHead, RequestError>) -> AskedRequest {
        AskedRequest(request: request, startedAt: state.logExchange == nil ? nil : .now)
    }

    private func encode(
        _ response: Response, to asked: AskedRequest, into output: inout [UInt8]
    ) -> ConnectionMachine.Action {
        request = 0
        // A response is no progress of a client that still has to read earlier ones.
        if !socket.hasUnsent { timedPhase = nil }
        answeredRequests += 1
        if answeredRequests == state.limits.requestsPerConnection { state.report(.requestsPerConnection) }
        if let startedAt = asked.startedAt, let logExchange = state.logExchange {
            logExchange(
                Exchange(
                    peer: client, request: asked.request, status: response.status.code, duration: .now - startedAt))
        }
        return machine.answer(
            response, date: state.currentDate(),
            keepAlive: state.keepsAlive && answeredRequests < state.limits.requestsPerConnection, into: &output)
    }

    // MARK: Output

    /// Writes the output.
    /// - Parameter action: is postponed if the client does not accept all output now.
    /// - Returns: whether there is no unsent output and the connection is open.
    private func flush(_ output: inout [UInt8], before action: ConnectionMachine.Action? = nil) -> Bool {
        if !output.isEmpty, !socket.write(output) { close() }
        output = []
        guard socket.isOpen else { return false }
        guard socket.hasUnsent else { return true }
        postponed = action
        watchOutput()
        return false
    }

    /// Has the poll report when the client accepts more. Done only when there is unsent output: otherwise the poll would
    /// report every new connection twice.
    private func watchOutput() {
        guard !outputIsWatched else { return }
        outputIsWatched = true
        do {
            try state.poll?.change(descriptor, to: Conversation.inputAndOutput)
        } catch {
            close()
        }
    }

    private func writeUnsent() {
        guard let sent = socket.writeUnsent() else { return close() }
        // Any progress renews the client's time.
        if sent > 0 { timedPhase = nil }
        if !socket.hasUnsent { resume() }
        if socket.isOpen { setDeadline() }
    }
}
