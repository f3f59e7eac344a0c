package import EventLoop
package import HTTPWire
package import Sockets
import Time

/// An HTTP/1.1 server: accepts connections, and closes those that take too long or too many places.
/// Each connection has a `Conversation`.
package actor Server {
    /// Called on the loop, once for each valid request. Must not block. Returns the response, or nil; then the response must
    /// be sent by `Reply.send` later.
    package typealias Handler = @Sendable (RequestHead, Peer, any Reply) -> Response?

    /// The pause before the next attempt to accept, if there is no room or no descriptor for a connection.
    private static let acceptPause: Duration = .milliseconds(100)
    /// Connections to accept from one listener before existing ones get their turn.
    private static let acceptBatch = 64
    /// Deadlines to act on before anything else gets its turn: thousands may pass at once.
    private static let deadlineBatch = 64

    package nonisolated let loop: EventLoop
    private let state: ServerState
    private var timer: LoopTimer?
    private var listeners: [Int32: Listener] = [:]
    private var pausedListeners: Set<Int32> = []

    /// - Parameters:
    ///   - limitReached: called on the loop each time that a client reaches a limit.
    package init(
        on loop: EventLoop, limits: ServerLimits = ServerLimits(),
        limitReached: @escaping @Sendable (LimitReached) -> Void = { _ in }, handler: @escaping Handler
    ) {
        self.loop = loop
        state = ServerState(on: loop, limits, limitReached: limitReached, handler: handler)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package var tally: ServerTally { state.tally }

    package var openConnections: Int { state.connections.count }

    /// Starts to accept connections on one more address. From then on the server lives until `stop`.
    /// - Returns: the address with the port that the kernel has chosen, if it was asked to.
    package func listen(on address: ListenAddress) throws -> ListenAddress {
        try start(try Listener(on: address))
    }

    /// Starts to accept connections on a listening socket that another process has opened. `stop` closes it.
    package func listen(onPassed descriptor: Int32) throws -> ListenAddress {
        try start(try Listener(passed: descriptor))
    }

    /// - Parameter log: called on the loop for every answered request from now on; nil costs nothing.
    package func logExchanges(to log: (@Sendable (Exchange) -> Void)?) {
        state.logExchange = log
    }

    /// Replaces the limits. A request that has begun keeps the old ones.
    package func adopt(_ limits: ServerLimits) {
        state.limits = limits
    }

    /// From now on every response closes its connection, so that clients go elsewhere.
    package func stopKeepingAlive() {
        state.keepsAlive = false
    }

    /// Stops accepting, closes idle connections, and returns when all responses in flight are written, or after `limit`.
    /// Then every connection is closed.
    package func stop(within limit: Duration) async {
        stopKeepingAlive()
        for listener in listeners.values { listener.close() }
        listeners = [:]
        for conversation in state.connections.all { conversation.stopKeepingAlive() }
        if !state.connections.isEmpty {
            let timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.closeAll() } }
            timer.wake(by: .now + limit)
            await withCheckedContinuation { state.whenEmpty.append($0) }
            withExtendedLifetime(timer) {}
        }
        state.poll = nil
        timer = nil
    }

    private func closeAll() {
        for conversation in state.connections.all { conversation.close() }
    }

    private func start(_ listener: Listener) throws -> ListenAddress {
        do {
            try startedPoll().add(listener.descriptor, .readable)
        } catch {
            listener.close()
            throw error
        }
        listeners[listener.descriptor] = listener
        return listener.address
    }

    private func startedPoll() throws(SystemError) -> Poll {
        if let poll = state.poll { return poll }
        // A strong reference: a server that listens lives until it is stopped.
        let poll = try Poll(on: loop) { self.assumeIsolated { $0.pollIsReady() } }
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        state.poll = poll
        return poll
    }

    // MARK: Events

    private func pollIsReady() {
        state.poll?.drain { descriptor, events in
            if let conversation = state.connections[descriptor] {
                conversation.isReady(events)
            } else if let listener = listeners[descriptor] {
                accept(from: listener)
            }
        }
        setTimer()
    }

    func resume(_ descriptor: Int32) {
        state.connections[descriptor]?.resume()
        setTimer()
    }

    /// - Parameter descriptor: may belong to another connection by now; then `request` is not its request.
    func deliver(_ response: Response, to request: Int, on descriptor: Int32) {
        state.connections[descriptor]?.deliver(response, to: request)
        setTimer()
    }

    private func timeHasPassed() {
        let now = Instant.now
        // For what is left the timer fires again, after anything else that waits for the loop.
        for _ in 0..<Server.deadlineBatch {
            guard let passed = state.deadlines.popPassed(at: now) else { break }
            let descriptor = Int32(passed)
            if let conversation = state.connections[descriptor] {
                conversation.deadlinePassed()
            } else {
                acceptAgain(descriptor)
            }
        }
        setTimer()
    }

    private func setTimer() {
        if let earliest = state.deadlines.earliest { timer?.wake(by: earliest) }
    }

    // MARK: Accepting

    private func accept(from listener: Listener) {
        for _ in 0..<Server.acceptBatch {
            // Clients can wait in the kernel's queue; a connection that is accepted must be served.
            guard state.connections.count < state.limits.connections || state.connections.nextToClose() != nil else {
                state.report(.connections)
                return pause(listener)
            }
            switch listener.accept() {
            case .connection(let descriptor, let address):
                state.tally.recordAccepted()
                open(descriptor, Peer(address))
            case .none: return
            case .exhausted(let error):
                state.report(.exhausted(error))
                return pause(listener)
            }
        }
    }

    private func open(_ descriptor: Int32, _ peer: Peer) {
        var socket = ClientSocket(descriptor)
        guard makeRoom(for: peer) else { return socket.close() }
        do {
            try state.poll?.add(descriptor, Conversation.input)
        } catch {
            return socket.close()
        }
        let conversation = Conversation(socket, peer, self, state)
        state.connections.insert(conversation)
        conversation.setDeadline()
    }

    /// Closes another connection if a limit is reached, so that idle clients cannot keep out active ones.
    /// - Returns: false if there is none to close.
    private func makeRoom(for peer: Peer) -> Bool {
        let other: Conversation?
        if state.connections.count(of: peer.client) >= state.limits.connectionsPerClient {
            state.report(.connectionsPerClient(peer))
            other = state.connections.nextToClose { $0.peer.client == peer.client }
        } else if state.connections.count >= state.limits.connections {
            state.report(.connections)
            other = state.connections.nextToClose()
        } else {
            return true
        }
        other?.close()
        return other != nil
    }

    private func pause(_ listener: Listener) {
        state.poll?.remove(listener.descriptor)
        pausedListeners.insert(listener.descriptor)
        state.deadlines.set(Int(listener.descriptor), to: .now + Server.acceptPause)
    }

    private func acceptAgain(_ descriptor: Int32) {
        guard pausedListeners.remove(descriptor) != nil, let listener = listeners[descriptor] else { return }
        do {
            try state.poll?.add(descriptor, .readable)
        } catch {
            pause(listener)
        }
    }
}
