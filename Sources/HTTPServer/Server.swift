package import EventLoop
import Glibc
import HTTPTypes
package import HTTPWire
import Time

/// An HTTP/1.1 server: the shell round `ConnectionMachine`, which owns sockets and deadlines and decides nothing
/// of the protocol.
package actor Server {
    /// Called on the loop for each valid request; it must not block.
    package typealias Handler = @Sendable (RequestHead, Peer) -> Reply

    /// How long to leave waiting clients alone when there is no descriptor for them.
    private static let acceptPause: Duration = .milliseconds(100)
    /// Connections taken from one listener before those that exist get their turn.
    private static let acceptBatch = 64
    /// Deadlines that are acted on before others get their turn: thousands may pass at once.
    private static let expiryBatch = 64
    /// Reads from one connection before others get their turn.
    private static let readBatch = 16
    private static let input: Poll.Events = [.readable, .inputEnded, .edgeTriggered]
    private static let inputAndOutput: Poll.Events = [.readable, .inputEnded, .edgeTriggered, .writable]
    /// Output of one connection that is gathered before it is written.
    private static let outputBatch = 64 * 1024

    package nonisolated let loop: EventLoop
    private var limits: Limits
    private let handler: Handler
    /// Told of every answered request; nil costs nothing.
    private var answered: (@Sendable (Exchange) -> Void)?
    private let reached: @Sendable (Reached) -> Void
    package private(set) var tally = ServerTally()

    private var poll: Poll?
    private var timer: LoopTimer?
    private var deadlines = Deadlines()
    private var listeners: [Int32: Listener] = [:]
    private var pausedListeners: Set<Int32> = []
    private var connections = ConnectionTable()
    private var lastConnection = 0
    private var keepsAlive = true
    private var whenEmpty: [CheckedContinuation<Void, Never>] = []
    /// Shared by all connections: each use of it ends before the next begins.
    private var input = [UInt8](repeating: 0, count: 16 * 1024)
    private var date = HTTPDate(seconds: 0)

    /// - Parameters:
    ///   - reached: told each time that a client runs into a limit.
    package init(
        on loop: EventLoop, limits: Limits = Limits(),
        reached: @escaping @Sendable (Reached) -> Void = { _ in }, handler: @escaping Handler
    ) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        self.reached = reached
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Begins to take connections on one more address, and says which it turned out to be. From then on the server
    /// lives until `stop`.
    package func listen(on address: ListenAddress) throws -> ListenAddress {
        try take(try Listener(on: address))
    }

    /// The same, with a listening socket that another process has opened. It is closed by `stop`.
    package func listen(onPassed descriptor: Int32) throws -> ListenAddress {
        try take(try Listener(passed: descriptor))
    }

    private func take(_ listener: Listener) throws -> ListenAddress {
        do {
            let poll = try startedPoll()
            try poll.add(listener.descriptor, .readable)
        } catch {
            listener.close()
            throw error
        }
        listeners[listener.descriptor] = listener
        return listener.address
    }

    /// - Parameter answered: told of every answered request from now on; nil costs nothing.
    package func tell(ofExchanges answered: (@Sendable (Exchange) -> Void)?) {
        self.answered = answered
    }

    /// From now on these hold; what a connection has begun goes on under those before.
    package func adopt(_ limits: Limits) {
        self.limits = limits
    }

    /// Of clients, now.
    package var openConnections: Int { connections.count }

    /// From now on every answer closes its connection, so that clients go elsewhere.
    package func stopKeepingAlive() {
        keepsAlive = false
    }

    /// Takes no more connections, closes those that wait for nothing, and returns when the answers in flight are
    /// written or `limit` has passed; then nothing is open any more.
    package func stop(within limit: Duration) async {
        stopKeepingAlive()
        for listener in listeners.values { listener.close() }
        listeners = [:]
        for connection in connections.all {
            let action = connection.machine.stopKeepingAlive()
            // One that is being answered or written to goes on as it would have.
            if action != .read { perform(action, connection) }
        }
        if !connections.isEmpty {
            let timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.closeAll() } }
            timer.wake(by: .now + limit)
            await withCheckedContinuation { whenEmpty.append($0) }
            withExtendedLifetime(timer) {}
        }
        poll = nil
        timer = nil
    }

    private func closeAll() {
        for connection in connections.all { close(connection) }
    }

    private func startedPoll() throws(SystemError) -> Poll {
        if let poll { return poll }
        // Held strongly: a server that listens lives until it is stopped.
        let made = try Poll(on: loop) { self.assumeIsolated { $0.pollIsReady() } }
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.expire() } }
        poll = made
        return made
    }

    // MARK: Events

    private func pollIsReady() {
        poll?.drain { descriptor, seen in
            if let connection = connections[descriptor] {
                isReady(connection, seen)
            } else if let listener = listeners[descriptor] {
                accept(from: listener)
            }
        }
        setTimer()
    }

    private func isReady(_ connection: Connection, _ seen: Poll.Events) {
        if seen.hasFailed, connection.hasFailed { return close(connection) }
        if seen.hasInput { connection.mayRead = true }
        if seen.hasEnd { connection.inputEndIsNear = true }
        if seen.isWritable, connection.hasUnsent { return goOnWriting(connection) }
        readOn(connection)
    }

    private func accept(from listener: Listener) {
        for _ in 0..<Server.acceptBatch {
            // Who waits in the kernel's queue can be left there; who is accepted has to be served.
            guard connections.count < limits.connections || connections.firstWaiting() != nil else {
                reach(.connections)
                return pause(listener)
            }
            switch listener.accept() {
            case .connection(let descriptor, let address):
                tally.recordAccepted()
                open(descriptor, address)
            case .none: return
            case .exhausted(let error):
                reach(.exhausted(error))
                return pause(listener)
            }
        }
    }

    private func open(_ descriptor: Int32, _ address: SocketAddress) {
        lastConnection += 1
        let peer = Peer(address)
        let connection = Connection(
            descriptor: descriptor, number: lastConnection, peer: peer, limits: limits.machine,
            proxyHeader: limits.proxyHeader(peer))
        guard makeRoom(for: connection.peer) else { return connection.close() }
        do {
            try poll?.add(descriptor, Server.input)
        } catch {
            return connection.close()
        }
        connections.insert(connection)
        setDeadline(connection)
    }

    /// Where all places are taken, who has waited longest for its next request, or else for the rest of one, or else has
    /// taken nothing of its answer for longest, gives way: those who only sit there cannot keep out those who ask.
    private func makeRoom(for peer: Peer) -> Bool {
        if connections.count(of: peer.client) >= limits.connectionsOfClient {
            reach(.connectionsOfClient(peer))
            guard let waiting = connections.firstWaiting(where: { $0.peer.client == peer.client }) else {
                return false
            }
            close(waiting)
        } else if connections.count >= limits.connections {
            reach(.connections)
            guard let waiting = connections.firstWaiting() else { return false }
            close(waiting)
        }
        return true
    }

    private func reach(_ limit: Reached) {
        tally.record(limit)
        reached(limit)
    }

    private func pause(_ listener: Listener) {
        poll?.remove(listener.descriptor)
        pausedListeners.insert(listener.descriptor)
        deadlines.set(Int(listener.descriptor), to: .now + Server.acceptPause)
    }

    private func acceptAgain(_ descriptor: Int32) {
        guard pausedListeners.remove(descriptor) != nil, let listener = listeners[descriptor] else { return }
        do {
            try poll?.add(descriptor, .readable)
        } catch {
            pause(listener)
        }
    }

    private func expire() {
        let now = Instant.now
        // What is left has the timer fire again, behind whatever else waits for the loop.
        for _ in 0..<Server.expiryBatch {
            guard let passed = deadlines.popPassed(at: now) else { break }
            let descriptor = Int32(passed)
            if let connection = connections[descriptor] {
                connection.timedPhase = nil
                if connection.hasUnsent {
                    reach(.writeStall)
                    close(connection)
                } else {
                    if connection.machine.phase == .idle { reach(.idle) }
                    perform(connection.machine.deadlinePassed(), connection)
                }
            } else {
                acceptAgain(descriptor)
            }
        }
        setTimer()
    }

    // MARK: Input, answers, output

    private func readOn(_ connection: Connection) {
        var reads = 0
        while connection.isOpen, connection.mayRead, !connection.hasUnsent, connection.machine.phase != .answering {
            reads += 1
            guard reads <= Server.readBatch else { return continueLater(connection) }
            let read = input.withUnsafeMutableBytes { connection.read(into: $0) }
            switch read {
            case .bytes(let count):
                perform(connection.machine.received(input.span.extracting(0..<count)), connection)
            case .end: perform(connection.machine.inputEnded(), connection)
            case .none: break
            case .failed: close(connection)
            }
        }
    }

    /// Goes on, with what was put aside and with reading, after whatever else waits for the loop.
    private func continueLater(_ connection: Connection) {
        let descriptor = connection.descriptor
        loop.run { [weak self] in
            self?.assumeIsolated { server in
                // The number may be another connection's by now: then it finds nothing to do, or does it early.
                guard let connection = server.connections[descriptor] else { return }
                if !connection.hasUnsent { server.resume(connection) }
                server.setTimer()
            }
        }
    }

    /// Goes on where there was output that the client had not taken, or others whose turn it was.
    private func resume(_ connection: Connection) {
        if let action = connection.suspended {
            connection.suspended = nil
            perform(action, connection)
        }
        readOn(connection)
    }

    /// Does what the machine says, and what it says next, until something has to be waited for.
    private func perform(_ first: ConnectionMachine.Action, _ connection: Connection, _ written: [UInt8] = []) {
        var action = first
        var output = written
        var answers = 0
        while let next = step(action, connection, &output, &answers) { action = next }
        if connection.isOpen { setDeadline(connection) }
    }

    /// - Parameters:
    ///   - output: what is to be written before anything is waited for.
    ///   - answers: how many requests have been answered in this turn.
    /// - Returns: what comes next; nil where that has to wait.
    private func step(
        _ action: ConnectionMachine.Action, _ connection: Connection, _ output: inout [UInt8], _ answers: inout Int
    ) -> ConnectionMachine.Action? {
        switch action {
        case .answer(let head):
            if output.count >= Server.outputBatch || answers == limits.pipelined {
                guard flush(&output, connection, before: action) else { return nil }
            }
            guard answers < limits.pipelined else {
                reach(.pipelined)
                connection.suspended = action
                continueLater(connection)
                return nil
            }
            answers += 1
            return answer(head, connection, &output)
        case .refuse(let error):
            reach(.refusal(error))
            return encode(.refusal(error), connection, &output)
        case .read:
            _ = flush(&output, connection, before: action)
            return nil
        case .close:
            guard flush(&output, connection, before: action) else { return nil }
            // Closed over input that nobody has read, the kernel would reset, and the answer could be lost.
            if connection.hasUnreadInput { return connection.machine.inputIsUnread() }
            close(connection)
            return nil
        case .linger:
            guard flush(&output, connection, before: action) else { return nil }
            connection.endOutput()
            // What has come already is told of no more.
            continueLater(connection)
            return nil
        }
    }

    /// Writes what there is.
    /// - Returns: whether the client has taken it all; if not, `action` is put aside until it has.
    private func flush(
        _ output: inout [UInt8], _ connection: Connection, before action: ConnectionMachine.Action
    ) -> Bool {
        if !output.isEmpty, !connection.write(output) { close(connection) }
        output = []
        guard connection.isOpen else { return false }
        guard connection.hasUnsent else { return true }
        connection.suspended = action
        watchOutput(connection)
        return false
    }

    /// From here on, it is told of when the client takes more. Not before, as it would be told of at once, and each
    /// connection would be looked at twice.
    private func watchOutput(_ connection: Connection) {
        guard !connection.outputIsWatched else { return }
        connection.outputIsWatched = true
        do {
            try poll?.change(connection.descriptor, to: Server.inputAndOutput)
        } catch {
            close(connection)
        }
    }

    private func answer(
        _ head: RequestHead, _ connection: Connection, _ output: inout [UInt8]
    ) -> ConnectionMachine.Action? {
        let startedAt = answered == nil ? nil : Instant.now
        switch handler(head, connection.client) {
        case .now(let response):
            return encode(response, connection, &output, for: head, startedAt)
        case .later(let work):
            guard flush(&output, connection, before: .answer(head)) else { return nil }
            return answer(head, connection, work, startedAt).flatMap {
                encode($0, connection, &output, for: head, startedAt)
            }
        }
    }

    /// The response, where the work ends at once: else it is written when it comes.
    private func answer(
        _ head: RequestHead, _ connection: Connection,
        _ work: @Sendable (@escaping @Sendable (Response) -> Void) -> Void, _ startedAt: Instant?
    ) -> Response? {
        setDeadline(connection)
        connection.answer = .awaited
        let (descriptor, number) = (connection.descriptor, connection.number)
        work { [weak self] response in
            self?.assumeIsolated { $0.answered(descriptor, number, head, response, startedAt) }
        }
        guard case .atHand(let response) = connection.answer else {
            connection.answer = .pending
            return nil
        }
        connection.answer = .none
        return response
    }

    private func answered(
        _ descriptor: Int32, _ number: Int, _ head: RequestHead, _ response: Response,
        _ startedAt: Instant?
    ) {
        // The descriptor may be another connection's by now.
        guard let connection = connections[descriptor], connection.number == number else { return }
        switch connection.answer {
        case .none, .atHand: return
        case .awaited: connection.answer = .atHand(response)
        case .pending:
            connection.answer = .none
            var output: [UInt8] = []
            let next = encode(response, connection, &output, for: head, startedAt)
            perform(next, connection, output)
            readOn(connection)
            setTimer()
        }
    }

    private func encode(
        _ response: Response, _ connection: Connection, _ output: inout [UInt8], for head: RequestHead? = nil,
        _ startedAt: Instant? = nil
    ) -> ConnectionMachine.Action {
        connection.timedPhase = nil
        connection.answers += 1
        if connection.answers == limits.requests { reach(.requests) }
        if let head, let answered, let startedAt {
            answered(
                Exchange(
                    peer: connection.client, head: head, status: response.status.code, duration: .now - startedAt))
        }
        return connection.machine.answer(
            response, date: currentDate(), keepAlive: keepsAlive && connection.answers < limits.requests,
            into: &output)
    }

    private func goOnWriting(_ connection: Connection) {
        guard let taken = connection.writeUnsent() else { return close(connection) }
        // Each step forward buys the client another stall's time.
        if taken > 0 { connection.timedPhase = nil }
        if connection.hasUnsent { setDeadline(connection) } else { resume(connection) }
    }

    private func close(_ connection: Connection) {
        guard connection.isOpen else { return }
        deadlines.remove(Int(connection.descriptor))
        connections.remove(connection)
        connection.close()
        if connections.isEmpty {
            for continuation in whenEmpty { continuation.resume() }
            whenEmpty = []
        }
    }

    // MARK: Time

    /// A phase's time runs from its beginning, however many bytes dribble in while it lasts.
    private func setDeadline(_ connection: Connection) {
        let phase: Connection.TimedPhase = connection.hasUnsent ? .output : .machine(connection.machine.phase)
        guard phase != connection.timedPhase else { return }
        connection.timedPhase = phase
        connections.queue(connection, in: phase)
        if let allowed = limits.allowed(phase) {
            deadlines.set(Int(connection.descriptor), to: .now + allowed)
        } else {
            deadlines.remove(Int(connection.descriptor))
        }
    }

    private func setTimer() {
        if let earliest = deadlines.earliest { timer?.wake(by: earliest) }
    }

    private func currentDate() -> HTTPDate {
        let seconds = time(nil)
        if seconds != date.seconds { date = HTTPDate(seconds: seconds) }
        return date
    }
}
