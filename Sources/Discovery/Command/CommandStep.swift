import Time

/// A step or a finding of a command, in order: each is a line.
package enum CommandStep: Sendable, Equatable {
    case registering(instance: String)
    case registered(duration: Duration)
    case deregistered
    /// It was not registered.
    case notThere
    case waiting(operation: String)
    case planned(SweepPlan)
    /// More than a few instances would be removed. Other nodes may be removing them, so the list is read again after
    /// this time.
    case pausing(Duration)
    case swept(instance: String)
    /// Another caller has removed it, or is removing it.
    case alreadyGone(instance: String)
    /// They were removed, but are still listed.
    case left([String])
    /// In a dry run.
    case wouldRegister(instance: String), wouldDeregister(instance: String), wouldSweep(instance: String)
    case noCustomHealth
    /// A retry after this time.
    case retrying(text: String, pause: Duration)
    case failed(text: String)
    case outOfTime(limit: Duration)
}

extension CommandStep: CustomStringConvertible {
    package var description: String {
        switch self {
        case .registering(let id): "registering \(id)"
        case .registered(let duration): "registered after \(duration.brief)"
        case .deregistered: "deregistered"
        case .notThere: "not registered: nothing to do"
        case .waiting(let operation): "waiting for operation \(operation), which is at work on this instance"
        case .planned(let plan): "\(plan)"
        case .pausing(let pause): "listing once more in \(pause.brief), as other nodes may be sweeping too"
        case .swept(let id): "swept \(id)"
        case .alreadyGone(let id): "\(id) is gone already"
        case .left(let ids): "swept, but still listed: \(ids.joined(separator: ", "))"
        case .wouldRegister(let id): "would register \(id)"
        case .wouldDeregister(let id): "would deregister \(id)"
        case .wouldSweep(let id): "would sweep \(id)"
        case .noCustomHealth: "the service has no custom health: registering without an initial health"
        case .retrying(let text, let pause): "\(text); trying again in \(pause.brief)"
        case .failed(let text): text
        case .outOfTime(let limit): "not finished within \(limit.brief)"
        }
    }
}

extension SweepPlan: CustomStringConvertible {
    package var description: String {
        switch self {
        case .off: "no sweep: it is off"
        case .noStack: "no sweep: this node has no stack"
        case .nothing: "nothing to sweep: no other stack is registered"
        case .tooFew(let own, let needed, let others):
            "no sweep: \(own) of the own stack registered, and \(needed) needed to sweep \(others) of others"
        case .sweep(let ids): "sweeping \(ids.count) of other stacks"
        }
    }
}

/// The exit status of a command (sysexits.h).
package enum CommandExit: Int32, Sendable {
    /// Success, even if nothing was removed.
    case done = 0
    /// Cloud Map was not reached, or did not finish in time.
    case unavailable = 69
    case denied = 77
    /// Cloud Map refused what was configured.
    case configuration = 78
}
