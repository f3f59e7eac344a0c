import Health
import Time

/// What a keeper has counted, and since when its registration is as it is.
struct KeeperRecord {
    /// While requests fail, one try after the other is the same condition.
    private enum Condition: Equatable {
        case settled(RegistrarPhase)
        case failing(isRegistered: Bool)
    }

    private let registry: Registry
    private var tally = DiscoveryFigures.Tally()
    private var condition: Condition?
    private var since: Timestamp?

    init(_ registry: Registry) {
        self.registry = registry
    }

    mutating func requested(_ operation: String) {
        tally.requests[operation, default: 0] += 1
    }

    mutating func failed(_ cause: RegistryCause) {
        tally.failures[cause.rawValue, default: 0] += 1
    }

    mutating func succeeded() {
        tally.lastSuccessAt = Moment.now.timestamp
    }

    /// To be called after each event.
    mutating func saw(
        _ phase: RegistrarPhase, isRegistered: Bool, cause: RegistryCause?,
        at now: @autoclosure () -> Timestamp = Moment.now.timestamp
    ) {
        let next = cause == nil ? Condition.settled(phase) : .failing(isRegistered: isRegistered)
        guard next != condition else { return }
        (condition, since) = (next, now())
    }

    /// - Parameters:
    ///   - service: its identifier or name, and the node's there, if it is known.
    ///   - status: what the registry has acknowledged, and all that it can be.
    func figures(
        of service: (name: String, instance: String?), _ phase: RegistrarPhase, _ cause: RegistryCause?,
        isRegistered: Bool, status: (now: String?, all: [String])
    ) -> DiscoveryFigures {
        DiscoveryFigures(
            provider: registry.rawValue, service: service.name, instance: service.instance,
            state: (phase.rawValue, RegistrarPhase.names, since), isRegistered: isRegistered, status: status,
            cause: cause?.rawValue, lookAt: registry.lookAt(phase, cause), tally: tally)
    }
}
