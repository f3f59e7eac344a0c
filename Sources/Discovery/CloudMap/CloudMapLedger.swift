import Health
import Time

/// What should be, and what Cloud Map has acknowledged: from both follows the next task.
struct CloudMapLedger: Sendable {
    /// What is known of the registration.
    enum Presence: Sendable, Equatable {
        /// Nothing: an earlier life of this process may have left one.
        case unknown
        case absent
        /// It was there, and somebody has taken it away.
        case lost
        /// Another stack has taken it away.
        case swept
        /// Nil where it says something else than it should.
        case present(CloudMapRegistration?)
    }

    private(set) var settings: CloudMapRegistrar.Settings
    private var status: HealthStatus?
    private var hasBeenGood = false

    private(set) var presence = Presence.unknown
    private(set) var health: CloudMapHealth?
    private(set) var hasCustomHealth = true
    private(set) var lookAt: Instant?
    /// The health is as it should be as far as is known, and is to be told once more.
    private var tellsAgain = false
    private var notedHealth: CloudMapHealth?
    /// What was registered before a reload changed the identity; it ends when the new registration is there.
    private var former: [CloudMapIdentity] = []

    init(_ settings: CloudMapRegistrar.Settings) {
        self.settings = settings
    }

    var identity: CloudMapIdentity { settings.registration.identity }
    var isPresent: Bool { if case .present = presence { true } else { false } }
    var wantsRegistration: Bool { hasBeenGood || settings.start == .atOnce }

    /// Degraded is to be used, and what is not known is not.
    private var wantedHealth: CloudMapHealth {
        status.map { $0 == .unhealthy ? .unhealthy : .healthy } ?? .unhealthy
    }

    // MARK: What follows

    /// - Parameter failed: what failed last, if it did.
    func nextTask(at now: Instant, failed: CloudMapTask?) -> CloudMapTask? {
        let register = CloudMapTask.registering(hasCustomHealth ? wantedHealth : nil)
        switch presence {
        case .unknown, .absent:
            if wantsRegistration { return register }
            // Ill from the start: an earlier life may have left a registration that says healthy.
            if presence == .unknown, status != nil { return .inspecting }
        case .lost:
            if wantsRegistration { return settings.registration.stackID == nil ? register : .listing(page: nil) }
        case .swept: break
        case .present(let known):
            if known != settings.registration { return register }
            let isTold = !hasCustomHealth || health == wantedHealth && !tellsAgain
            // To tell may be what is not allowed, and to look must not wait for it for ever; nor the other way round.
            if let lookAt, now >= lookAt, isTold || failed?.isTelling == true { return .inspecting }
            if !isTold { return .telling(wantedHealth) }
        }
        return former.first.map { .deregistering($0) }
    }

    /// While the process ends.
    var lastTask: CloudMapTask? {
        let mayBeThere = presence == .unknown || isPresent
        switch settings.leaving {
        case .deregister where mayBeThere: return .deregistering(identity)
        case .unhealthy where mayBeThere && hasCustomHealth && health != .unhealthy: return .telling(.unhealthy)
        case .keep: return nil
        case .deregister, .unhealthy: return former.first.map { .deregistering($0) }
        }
    }

    // MARK: What has come to be

    /// - Returns: whether Cloud Map is to be told another health than before.
    mutating func judged(_ status: HealthStatus) -> Bool {
        let old = wantedHealth
        self.status = status
        if status != .unhealthy { hasBeenGood = true }
        return wantedHealth != old
    }

    /// - Parameter mayBeThere: a call or an operation is out that may register the old identity.
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

    /// A registration is asked for. It may come to be though no answer says so.
    mutating func registering() {
        if !isPresent { presence = .unknown }
    }

    mutating func registered(
        _ registration: CloudMapRegistration, _ health: CloudMapHealth?, lookAt: Instant
    ) {
        (presence, self.health, notedHealth, self.lookAt) = (.present(registration), health, health, lookAt)
        // Registering sets the health to what was said with it, or so the documents say of the first time.
        tellsAgain = true
    }

    mutating func found(_ entry: CloudMapEntry, lookAt: Instant) {
        if !isPresent { health = nil }
        presence = .present(settings.registration.matches(entry) ? settings.registration : nil)
        (self.lookAt, tellsAgain) = (lookAt, true)
    }

    /// There is no such instance.
    mutating func missed() -> [RegistrarNote] {
        let wasPresent = isPresent
        (presence, health) = (wasPresent ? .lost : .absent, nil)
        return wasPresent ? [.lost] : []
    }

    mutating func told(_ health: CloudMapHealth) -> [RegistrarNote] {
        defer { (self.health, notedHealth, tellsAgain) = (health, health, false) }
        // Only what is registered can be told anything.
        if !isPresent { presence = .present(settings.registration) }
        return health == notedHealth ? [] : [.told(health.rawValue)]
    }

    /// What was told may have come through, though no answer says so.
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

    /// A page of the list, by which a registration that was lost is looked for.
    /// - Returns: what to note, and whether the next page is needed.
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

    /// The whole list has neither this instance nor another stack's.
    mutating func listEnded() {
        if presence == .lost { presence = .absent }
    }
}
