import Health
import Time

/// The wanted and the acknowledged state of a registration. The next task follows from the two.
struct CloudMapLedger: Sendable {
    /// The known state of the registration.
    enum Presence: Sendable, Equatable {
        /// Unknown: a former process may have left a registration.
        case unknown
        case absent
        /// It was registered, and somebody has removed it.
        case lost
        /// Another stack has removed it.
        case swept
        /// nil if it differs from the wanted registration.
        case present(CloudMapRegistration?)
    }

    private(set) var settings: CloudMapRegistrar.Settings
    private var status: HealthStatus?
    private var hasBeenGood = false

    private(set) var presence = Presence.unknown
    private(set) var health: CloudMapHealth?
    private(set) var hasCustomHealth = true
    private(set) var lookAt: Instant?
    /// The acknowledged health is as wanted, but is to be sent once more.
    private var tellsAgain = false
    private var notedHealth: CloudMapHealth?
    /// The former registration after a reload with another identity; it is removed after the new one is registered.
    private var former: [CloudMapIdentity] = []

    init(_ settings: CloudMapRegistrar.Settings) {
        self.settings = settings
    }

    var identity: CloudMapIdentity { settings.registration.identity }
    var isPresent: Bool { if case .present = presence { true } else { false } }
    var wantsRegistration: Bool { hasBeenGood || settings.start == .atOnce }

    /// Degraded counts as healthy, and unknown as unhealthy.
    private var wantedHealth: CloudMapHealth {
        status.map { $0 == .unhealthy ? .unhealthy : .healthy } ?? .unhealthy
    }

    // MARK: The next task

    /// - Parameter failed: the task that has failed last, if any.
    func nextTask(at now: Instant, failed: CloudMapTask?) -> CloudMapTask? {
        let register = CloudMapTask.registering(hasCustomHealth ? wantedHealth : nil)
        switch presence {
        case .unknown, .absent:
            if wantsRegistration { return register }
            // Unhealthy from the start: a former process may have left a registration that is healthy.
            if presence == .unknown, status != nil { return .inspecting }
        case .lost:
            if wantsRegistration { return settings.registration.stackID == nil ? register : .listing(page: nil) }
        case .swept: break
        case .present(let known):
            if known != settings.registration { return register }
            let isTold = !hasCustomHealth || health == wantedHealth && !tellsAgain
            // One of the two tasks may be forbidden, and must not prevent the other.
            if let lookAt, now >= lookAt, isTold || failed?.isTelling == true { return .inspecting }
            if !isTold { return .telling(wantedHealth) }
        }
        return former.first.map { .deregistering($0) }
    }

    /// At the end of the process.
    var lastTask: CloudMapTask? {
        let mayBeThere = presence == .unknown || isPresent
        switch settings.leaving {
        case .deregister where mayBeThere: return .deregistering(identity)
        case .unhealthy where mayBeThere && hasCustomHealth && health != .unhealthy: return .telling(.unhealthy)
        case .keep: return nil
        case .deregister, .unhealthy: return former.first.map { .deregistering($0) }
        }
    }

    // MARK: Results

    /// - Returns: whether another health than before is to be sent.
    mutating func judged(_ status: HealthStatus) -> Bool {
        let old = wantedHealth
        self.status = status
        if status != .unhealthy { hasBeenGood = true }
        return wantedHealth != old
    }

    /// - Parameter mayBeThere: whether a running call or operation may register the old identity.
    mutating func adopt(_ settings: CloudMapRegistrar.Settings, mayBeThere: Bool) {
        let old = identity
        self.settings = settings
        hasCustomHealth = true
        if presence == .swept { presence = .absent }
        guard old != identity else { return }
        if mayBeThere || presence == .unknown || isPresent { former.append(old) }
        let new = identity
        former.removeAll { $0 == new }
        (presence, health, notedHealth, lookAt, tellsAgain) = (.unknown, nil, nil, nil, false)
    }

    /// A registration has been requested. It may succeed even if no answer comes.
    mutating func registering() {
        if !isPresent { presence = .unknown }
    }

    mutating func registered(
        _ registration: CloudMapRegistration, _ health: CloudMapHealth?, lookAt: Instant
    ) {
        (presence, self.health, notedHealth, self.lookAt) = (.present(registration), health, health, lookAt)
        // Registering sets the health to the initial health, according to the documentation only the first time.
        tellsAgain = true
    }

    mutating func found(_ entry: CloudMapEntry, lookAt: Instant) {
        if !isPresent { health = nil }
        presence = .present(settings.registration.matches(entry) ? settings.registration : nil)
        (self.lookAt, tellsAgain) = (lookAt, true)
    }

    /// The instance does not exist.
    mutating func missed() -> [RegistrarNote] {
        let wasPresent = isPresent
        (presence, health) = (wasPresent ? .lost : .absent, nil)
        return wasPresent ? [.lost] : []
    }

    mutating func told(_ health: CloudMapHealth) -> [RegistrarNote] {
        defer { (self.health, notedHealth, tellsAgain) = (health, health, false) }
        // The health can only be set for a registered instance.
        if !isPresent { presence = .present(settings.registration) }
        return health == notedHealth ? [] : [.told(health.rawValue)]
    }

    /// The health may have been set even if no answer has come.
    mutating func mayHaveTold() {
        health = nil
    }

    mutating func foundNoCustomHealth() -> [RegistrarNote] {
        defer { hasCustomHealth = false }
        return hasCustomHealth ? [.noCustomHealth] : []
    }

    mutating func deregistered(_ identity: CloudMapIdentity) -> [RegistrarNote] {
        former.removeAll { $0 == identity }
        guard identity == self.identity else { return [] }
        (presence, health) = (.absent, nil)
        return [.deregistered]
    }

    /// Takes a page of the list, to find the cause of a lost registration.
    /// - Returns: the note for the log, and whether the next page is needed.
    mutating func listed(_ entries: [CloudMapEntry]) -> (notes: [RegistrarNote], goesOn: Bool) {
        if let own = entries.first(where: { $0.id == settings.registration.instanceID }) {
            presence = .present(settings.registration.matches(own) ? settings.registration : nil)
            tellsAgain = true
            return ([], false)
        }
        if let stack = entries.compactMap(\.stackID).first(where: { $0 != settings.registration.stackID }) {
            presence = .swept
            return ([.superseded(by: stack)], false)
        }
        return ([], true)
    }

    /// The whole list has neither this instance nor one of another stack.
    mutating func listEnded() {
        if presence == .lost { presence = .absent }
    }
}
