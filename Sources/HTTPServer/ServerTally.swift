import HTTPTypes
package import HTTPWire

/// Counts of connections that were accepted, and of limits that were reached.
package struct ServerTally: Sendable {
    package private(set) var accepted = 0
    package private(set) var connections = 0
    package private(set) var connectionsPerClient = 0
    package private(set) var writeTimeouts = 0
    package private(set) var exhausted = 0
    /// Refused requests by the status code of the refusal.
    package private(set) var refusals = StatusTally()

    package init() {}

    mutating func recordAccepted() { accepted += 1 }

    mutating func record(_ limit: LimitReached) {
        switch limit {
        case .connections: connections += 1
        case .connectionsPerClient: connectionsPerClient += 1
        case .writeTimeout: writeTimeouts += 1
        case .exhausted: exhausted += 1
        case .refusal(let error): refusals.record(error.status.code)
        // Every request was answered.
        case .requestsPerConnection, .pipelinedRequests, .idleTimeout: break
        }
    }
}
