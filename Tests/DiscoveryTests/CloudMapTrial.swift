import Health
import TestSupport
import Time

@testable import Discovery

/// A registrar, what it said last, and the point of time.
struct CloudMapTrial {
    var registrar: CloudMapRegistrar
    var now = Then.start.instant
    private(set) var actions: [CloudMapRegistrar.Action] = []

    init(_ change: (inout CloudMapRegistrar.Settings) -> Void = { _ in }) throws {
        var settings = CloudMapRegistrar.Settings(try Self.registration())
        change(&settings)
        registrar = CloudMapRegistrar(settings, random: Numbers())
    }

    static func registration(
        _ instance: String = "i-1", stack: String = "green", address: String = "10.0.0.7"
    ) throws -> CloudMapRegistration {
        var parts = CloudMapRegistration.Parts()
        (parts.serviceID, parts.instanceID, parts.stackID, parts.address) = ("srv-abc", instance, stack, address)
        return try CloudMapRegistration(parts)
    }

    static func entry(_ id: String = "i-1", stack: String? = "green") -> CloudMapEntry {
        var attributes = ["AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INIT_HEALTH_STATUS": "HEALTHY"]
        attributes["STACK"] = stack
        return CloudMapEntry(id: id, attributes: attributes)
    }

    mutating func judged(_ status: HealthStatus) { actions = registrar.judged(status, at: now) }
    mutating func answered(_ answer: CloudMapAnswer) { actions = registrar.answered(answer, at: now) }
    mutating func drain() { actions = registrar.drain(at: now) }
    mutating func adopt(_ settings: CloudMapRegistrar.Settings) { actions = registrar.adopt(settings, at: now) }

    mutating func failed(_ problem: CloudMapFailure.Problem, _ detail: String = "words") {
        actions = registrar.failed(CloudMapFailure(problem, of: .registerInstance, detail: detail), at: now)
    }

    /// The time that is waited for comes.
    mutating func wake() {
        guard let time = registrar.wakeAt else { return }
        now = max(now, time)
        actions = registrar.timePassed(at: now)
    }

    mutating func wait(_ duration: Duration) {
        now = now + duration
        actions = registrar.timePassed(at: now)
    }

    mutating func keysChanged() { actions = registrar.keysChanged(at: now) }

    mutating func register(healthIs health: HealthStatus = .healthy) {
        judged(health)
        answered(.begun(operation: "op"))
        wake()
        answered(.operation(.succeeded))
        answered(.healthUpdated)
    }

    /// The last actions, in short.
    var said: String { actions.map(Self.short).joined(separator: ", ") }

    static func short(_ action: CloudMapRegistrar.Action) -> String {
        switch action {
        case .end: "end"
        case .note(let note):
            switch note {
            case .registered: "note registered"
            case .failed(let cause, _): "note failed \(cause.rawValue)"
            case .recovered(let tries, _): "note recovered \(tries)"
            default: "note \(note)"
            }
        case .call(let call):
            switch call {
            case .registerInstance(let registration, let health, _):
                "RegisterInstance \(registration.instanceID) \(health?.rawValue ?? "-")"
            case .updateHealth(_, let instance, let health): "Update \(instance) \(health.rawValue)"
            case .deregisterInstance(_, let instance): "DeregisterInstance \(instance)"
            case .getInstance(_, let instance): "GetInstance \(instance)"
            case .listInstances(_, let page): "ListInstances \(page ?? "-")"
            case .getOperation(let id): "GetOperation \(id)"
            }
        }
    }
}
