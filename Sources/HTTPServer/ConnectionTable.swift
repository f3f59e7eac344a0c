import HTTPWire
import Sockets

/// The open connections: by descriptor, counted by client, and those that wait for a request in the order in which they
/// give way to new ones.
struct ConnectionTable {
    private var connections: [Int32: Connection] = [:]
    private var countOf: [Peer.Address: Int] = [:]
    /// Connections that wait for their next request, those that are in the middle of one, and those that do not take their
    /// answer: who waits longest first, or has taken nothing for longest.
    private var idle = DescriptorQueue()
    private var unfinished = DescriptorQueue()
    private var stalled = DescriptorQueue()

    var count: Int { connections.count }

    var isEmpty: Bool { connections.isEmpty }

    var all: [Connection] { Array(connections.values) }

    subscript(descriptor: Int32) -> Connection? { connections[descriptor] }

    func count(of client: Peer.Address) -> Int { countOf[client, default: 0] }

    mutating func insert(_ connection: Connection) {
        connections[connection.descriptor] = connection
        countOf[connection.peer.client, default: 0] += 1
    }

    mutating func remove(_ connection: Connection) {
        connections[connection.descriptor] = nil
        idle.remove(connection.descriptor)
        unfinished.remove(connection.descriptor)
        stalled.remove(connection.descriptor)
        let others = count(of: connection.peer.client) - 1
        countOf[connection.peer.client] = others > 0 ? others : nil
    }

    /// To be called when a connection's phase has changed.
    mutating func queue(_ connection: Connection, in phase: Connection.TimedPhase) {
        let descriptor = connection.descriptor
        switch phase {
        case .machine(.idle):
            unfinished.remove(descriptor)
            stalled.remove(descriptor)
            idle.append(descriptor)
        case .machine(.head), .machine(.content), .machine(.lingering):
            idle.remove(descriptor)
            stalled.remove(descriptor)
            if !unfinished.contains(descriptor) { unfinished.append(descriptor) }
        case .output:
            idle.remove(descriptor)
            unfinished.remove(descriptor)
            stalled.append(descriptor)
        case .machine(.answering), .machine(.closed):
            idle.remove(descriptor)
            unfinished.remove(descriptor)
            stalled.remove(descriptor)
        }
    }

    /// Who has waited longest for its next request, or else for the rest of one, or else has taken nothing of its answer for
    /// longest; nil where all are being answered.
    func firstWaiting(where isMeant: (Connection) -> Bool = { _ in true }) -> Connection? {
        for queue in [idle, unfinished, stalled] {
            var descriptor = queue.oldest
            while let next = descriptor, let connection = connections[next] {
                if isMeant(connection) { return connection }
                descriptor = queue.next(after: next)
            }
        }
        return nil
    }
}
