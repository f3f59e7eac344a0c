import HTTPTypes
package import HTTPWire

/// What a server counts: connections, by what became of them, and heads that it refused.
package struct ServerTally: Sendable {
    /// The limit by which a connection was given up, turned away or kept waiting.
    package enum Refusal: Int, Sendable, CaseIterable {
        /// All places were taken: one that waited for a request gave way, or else the new one waits, and this counts
        /// how often it was looked at.
        case connections
        /// The same among the connections of one address; where none waits, the new one is closed.
        case connectionsOfClient
        /// A client has taken nothing of its answer.
        case writeStall
        /// There was no descriptor or no memory for a connection: counted at each attempt.
        case exhausted
    }

    package private(set) var accepted = 0
    /// By the status codes of the refusals.
    package private(set) var refusedHeads = StatusTally()
    private var refusals = [Int](repeating: 0, count: Refusal.allCases.count)

    package init() {}

    package func count(_ refusal: Refusal) -> Int { refusals[refusal.rawValue] }

    mutating func recordAccepted() { accepted += 1 }

    mutating func record(_ limit: Server.Reached) {
        switch limit {
        case .connections: add(.connections)
        case .connectionsOfClient: add(.connectionsOfClient)
        case .writeStall: add(.writeStall)
        case .refusal(let error): refusedHeads.record(error.status.code)
        case .exhausted: add(.exhausted)
        // Nobody has gone away empty-handed.
        case .requests, .pipelined, .idle: break
        }
    }

    private mutating func add(_ refusal: Refusal) { refusals[refusal.rawValue] += 1 }
}
