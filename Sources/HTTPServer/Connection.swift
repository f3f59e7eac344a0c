import EventLoop
import Glibc
import HTTPWire
import Sockets

/// One accepted connection: its descriptor, its machine, and the output that the client has not taken yet.
/// Not Sendable: the server owns it.
final class Connection {
    /// How it stands with an answer that is waited for.
    enum Answer {
        case none
        /// The work has been called, and has not returned: it may call back from within.
        case awaited
        case atHand(Response)
        case pending
    }

    /// What a connection's deadline is for.
    enum TimedPhase: Equatable {
        case machine(ConnectionMachine.Phase)
        case output
    }

    let descriptor: Int32
    /// Tells it from every other connection of the server.
    let number: Int
    let peer: Peer
    var machine: ConnectionMachine
    /// There may be input: cleared when a read has taken all there was, as the poll tells only of changes.
    var mayRead = true
    /// The poll tells, too, when the client has taken output.
    var outputIsWatched = false
    /// The client has ended its input, which a read will find.
    var inputEndIsNear = false
    /// What comes next, when all output is written, or others have had their turn; input is not read before.
    var suspended: ConnectionMachine.Action?
    /// The phase that the present deadline was set for.
    var timedPhase: TimedPhase?
    var answer = Answer.none
    /// How many requests have been answered.
    var answers = 0
    private(set) var isOpen = true
    private var unsent: ArraySlice<UInt8> = []

    init(descriptor: Int32, number: Int, peer: Peer, limits: ConnectionMachine.Limits) {
        self.descriptor = descriptor
        self.number = number
        self.peer = peer
        machine = ConnectionMachine(limits: limits)
    }

    var hasUnsent: Bool { !unsent.isEmpty }

    func close() {
        guard isOpen else { return }
        isOpen = false
        unsent = []
        Glibc.close(descriptor)
    }

    /// What a read came back with.
    enum Input {
        case bytes(Int)
        case end
        case none
        case failed
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Input {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                // A short read has emptied the socket, and more to come is told of (epoll(7)).
                if count < buffer.count, !inputEndIsNear { mayRead = false }
                return .bytes(count)
            }
            if count == 0 {
                mayRead = false
                return .end
            }
            if errno == EINTR { continue }
            mayRead = false
            return errno == EAGAIN ? .none : .failed
        }
    }

    /// Whether it is broken. The event that says so may be meant for another connection, which had the number before.
    var hasFailed: Bool {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0
    }

    /// Whether input has come that was not read.
    var hasUnreadInput: Bool {
        guard mayRead else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
    }

    /// Writes as much of `output` as the client takes now, and keeps the rest: there must be none from before.
    /// - Returns: false where the connection is broken.
    func write(_ output: [UInt8]) -> Bool {
        guard let taken = send(output[...]) else { return false }
        if taken < output.count { unsent = output[taken...] }
        return true
    }

    /// Goes on with what could not be written before.
    /// - Returns: how much of it the client has taken now; nil where the connection is broken.
    func writeUnsent() -> Int? {
        guard let taken = send(unsent) else { return nil }
        unsent = taken == unsent.count ? [] : unsent.dropFirst(taken)
        return taken
    }

    /// No more output: the client sees its end.
    func endOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            var taken = 0
            while taken < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[taken...])
                let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count > 0 {
                    taken += count
                } else if errno == EAGAIN {
                    return taken
                } else if errno != EINTR {
                    return nil
                }
            }
            return taken
        }
    }
}
