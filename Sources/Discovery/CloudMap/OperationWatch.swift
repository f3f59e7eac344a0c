import Time

/// A running operation of Cloud Map, and the times to ask for its progress: after 1, 2, 4 and then each 8 seconds,
/// for a minute.
struct OperationWatch: Sendable, Equatable {
    enum Purpose: Sendable, Equatable {
        case registration(CloudMapRegistration, initially: CloudMapHealth?)
        case deregistration(CloudMapIdentity)
        /// Another caller's operation on the same instance.
        case another
    }

    private static let limit = Duration.seconds(60)

    let id: String
    let purpose: Purpose
    private let since: Instant
    private var polls = 0
    private(set) var pollAt: Instant

    init(_ id: String, _ purpose: Purpose, at now: Instant) {
        (self.id, self.purpose, since) = (id, purpose, now)
        pollAt = now + .seconds(1)
    }

    /// The operation is still running.
    /// - Returns: whether to ask again.
    mutating func polled(at now: Instant) -> Bool {
        polls += 1
        pollAt = now + .seconds(1 << min(polls, 3))
        return now - since < OperationWatch.limit
    }

    mutating func pollNow(at now: Instant) {
        pollAt = now
    }

    /// The same operation after the wanted state has changed.
    func disowned(at now: Instant) -> OperationWatch {
        OperationWatch(id, .another, at: now)
    }
}
