package import EventLoop
package import HTTPWire
package import Sockets
import Time

/// An HTTP/1.1 server: accepts connections, and closes those that exceed a limit of time or number.
/// Each connection has a `Conversation`.
package actor Server {
    /// Called on the loop, once for each valid request. Must not block. Returns the response, or nil; then
    /// `Reply.send` must send the response later.
    package typealias Handler = @Sendable (RequestHead, Peer, any Reply) -> Response?

    /// The pause before the next attempt to accept, if there is no room or no descriptor for a connection.
    private static let acceptPause: Duration = .milliseconds(100)
    /// Connections to accept from one listener before existing ones get their turn.
    private static let acceptBatch = 64
    /// The time after which requests that were sent when the server stopped have arrived, within a network of machines.
    private static let arrivalTime: Duration = .milliseconds(50)
    /// Deadlines to act on before anything else gets its turn: thousands may pass at once.
    private static let deadlineBatch = 64

    package nonisolated let loop: EventLoop
    private let state: ServerState
    private var timer: LoopTimer?
    private var listeners: [Int32: Listener] = [:]
    private var pausedListeners: Set<Int32> = []
    private var arrivalTimeIsOver: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - limitReached: called on the loop each time a client reaches a limit.
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
    /// - Returns: the address, with the port that the kernel has chosen.
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

    /// Stops without losing a request that has arrived: accepts the connections that the kernel has made, closes idle ones,
    /// and returns when all responses are written, or after `limit`. Then every connection is closed.
    package func stop(within limit: Duration) async {
        await stop(within: limit, arrivalTime: Server.arrivalTime)
    }

    /// - Parameter arrivalTime: how long a client may take to send the first request of its connection.
    func stop(within limit: Duration, arrivalTime: Duration) async {
        let end = Instant.now + limit
        stopKeepingAlive()
        for listener in listeners.values {
            let isComplete = listener.refuseNew()
            acceptAll(from: listener)
            if isComplete { close(listener) }
        }
        for conversation in state.connections.all { conversation.stop(closingUnused: false) }
        if !state.connections.isEmpty { await wait(min(limit, arrivalTime)) }
        for listener in listeners.values {
            acceptAll(from: listener)
            close(listener)
        }
        for conversation in state.connections.all { conversation.stop(closingUnused: true) }
        if !state.connections.isEmpty {
            let timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.closeAll() } }
            timer.wake(by: end)
            await withCheckedContinuation { state.whenEmpty.append($0) }
            withExtendedLifetime(timer) {}
        }
        state.poll = nil
        timer = nil
    }

    private func close(_ listener: Listener) {
        listener.close()
        listeners[listener.descriptor] = nil
    }

    private func wait(_ time: Duration) async {
        let timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.endWait() } }
        timer.wake(by: .now + time)
        await withCheckedContinuation { arrivalTimeIsOver = $0 }
        withExtendedLifetime(timer) {}
    }

    private func endWait() {
        arrivalTimeIsOver?.resume()
        arrivalTimeIsOver = nil
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
        // A strong reference: a listening server lives until it is stopped.
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
        // The timer fires again for the rest, after other work of the loop.
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
            guard acceptOne(from: listener) else { return }
        }
    }

    /// Accepts all waiting clients. A passed socket may get new ones meanwhile.
    private func acceptAll(from listener: Listener) {
        for _ in 0..<Listener.backlog {
            guard acceptOne(from: listener) else { return }
        }
    }

    /// - Returns: false if no client is waiting, or if the listener was paused.
    private func acceptOne(from listener: Listener) -> Bool {
        // Clients can wait in the kernel's queue; a connection that is accepted must be served.
        guard state.connections.count < state.limits.connections || state.connections.nextToClose() != nil else {
            state.report(.connections)
            pause(listener)
            return false
        }
        switch listener.accept() {
        case .connection(let descriptor, let address):
            state.tally.recordAccepted()
            open(descriptor, Peer(address))
            return true
        case .none: return false
        case .exhausted(let error):
            state.report(.exhausted(error))
            pause(listener)
            return false
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
