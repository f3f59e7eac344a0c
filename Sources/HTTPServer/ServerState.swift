import EventLoop
import Glibc
import HTTPWire

/// The state that accepting and all conversations share. Not Sendable: it belongs to the server.
final class ServerState {
    let loop: EventLoop
    let handler: Server.Handler
    private let limitReached: @Sendable (LimitReached) -> Void
    var limits: ServerLimits
    /// Called for each answered request; nil costs nothing.
    var logExchange: (@Sendable (Exchange) -> Void)?
    /// False closes each connection with its next response.
    var keepsAlive = true
    /// nil before the first listener, and after `stop`.
    var poll: Poll?
    var connections = ConnectionTable()
    /// Of connections and of paused listeners, by descriptor.
    var deadlines = Deadlines()
    var tally = ServerTally()
    /// Every read goes here. One buffer is enough, as each use ends before the next begins.
    var input = [UInt8](repeating: 0, count: 16 * 1024)
    var whenEmpty: [CheckedContinuation<Void, Never>] = []
    private var lastRequest = 0
    private var date = HTTPDate(seconds: 0)

    init(
        on loop: EventLoop, _ limits: ServerLimits, limitReached: @escaping @Sendable (LimitReached) -> Void,
        handler: @escaping Server.Handler
    ) {
        self.loop = loop
        self.limits = limits
        self.limitReached = limitReached
        self.handler = handler
    }

    func report(_ limit: LimitReached) {
        tally.record(limit)
        limitReached(limit)
    }

    /// A number that no other request of this server has.
    func nextRequestNumber() -> Int {
        lastRequest += 1
        return lastRequest
    }

    func currentDate() -> HTTPDate {
        let seconds = time(nil)
        if seconds != date.seconds { date = HTTPDate(seconds: seconds) }
        return date
    }

    func remove(_ conversation: Conversation) {
        deadlines.remove(Int(conversation.descriptor))
        connections.remove(conversation)
        guard connections.isEmpty else { return }
        for continuation in whenEmpty { continuation.resume() }
        whenEmpty = []
    }
}
