import HTTPWire
import Sockets

/// The open connections: by descriptor, counted by client, and in the order in which they are closed for new ones.
struct ConnectionTable {
    private var conversations: [Int32: Conversation] = [:]
    private var countOf: [Peer.Address: Int] = [:]
    /// Connections that wait for their next request, longest wait first.
    private var idle = DescriptorQueue()
    /// Connections that wait for the rest of a request, longest wait first.
    private var unfinished = DescriptorQueue()
    /// Connections whose client does not read its response, longest stall first.
    private var stalled = DescriptorQueue()

    var count: Int { conversations.count }

    var isEmpty: Bool { conversations.isEmpty }

    var all: [Conversation] { Array(conversations.values) }

    subscript(descriptor: Int32) -> Conversation? { conversations[descriptor] }

    func count(of client: Peer.Address) -> Int { countOf[client, default: 0] }

    mutating func insert(_ conversation: Conversation) {
        conversations[conversation.descriptor] = conversation
        countOf[conversation.peer.client, default: 0] += 1
    }

    mutating func remove(_ conversation: Conversation) {
        conversations[conversation.descriptor] = nil
        idle.remove(conversation.descriptor)
        unfinished.remove(conversation.descriptor)
        stalled.remove(conversation.descriptor)
        let others = count(of: conversation.peer.client) - 1
        countOf[conversation.peer.client] = others > 0 ? others : nil
    }

    /// Must be called when a connection's phase has changed.
    mutating func note(_ phase: Conversation.Phase, of descriptor: Int32) {
        switch phase {
        case .machine(.idle):
            unfinished.remove(descriptor)
            stalled.remove(descriptor)
            idle.append(descriptor)
        case .machine(.head), .machine(.content), .machine(.lingering):
            idle.remove(descriptor)
            stalled.remove(descriptor)
            if !unfinished.contains(descriptor) { unfinished.append(descriptor) }
        case .writing:
            idle.remove(descriptor)
            unfinished.remove(descriptor)
            stalled.append(descriptor)
        case .machine(.answering), .machine(.closed):
            idle.remove(descriptor)
            unfinished.remove(descriptor)
            stalled.remove(descriptor)
        }
    }

    /// The connection to close for a new one: the longest-idle, else the one that has waited longest for the rest of a
    /// request, else the one that has stalled longest; nil if every connection is being answered.
    func nextToClose(where isMeant: (Conversation) -> Bool = { _ in true }) -> Conversation? {
        for queue in [idle, unfinished, stalled] {
            var descriptor = queue.oldest
            while let next = descriptor, let conversation = conversations[next] {
                if isMeant(conversation) { return conversation }
                descriptor = queue.next(after: next)
            }
        }
        return nil
    }
}
