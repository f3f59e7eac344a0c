import Health
import Time

/// The purpose of a registrar's call.
enum ConsulTask: Sendable, Equatable {
    case registering(ConsulService)
    case telling(ConsulStatus)
    case looking
    case deregistering(String)
}

/// The wanted and the acknowledged state of a registration. The next task follows from the two.
struct ConsulLedger: Sendable {
    enum Presence: Sendable, Equatable {
        /// A former process may have left a registration.
        case unknown
        case absent
        /// nil if it may differ from the wanted registration.
        case present(ConsulService?)
    }

    private(set) var settings: ConsulRegistrar.Settings
    private var status: HealthStatus?
    private(set) var output = ""
    private var hasBeenGood = false

    private(set) var presence = Presence.unknown
    private(set) var acknowledged: ConsulStatus?
    private var noted: ConsulStatus?
    /// When the agent must get the next update.
    private(set) var beatAt: Instant?
    /// The former registration after a reload with another identifier; it is removed after the new one is registered.
    private var former: [String] = []

    init(_ settings: ConsulRegistrar.Settings) {
        self.settings = settings
    }

    var service: ConsulService { settings.service }
    var isPresent: Bool { if case .present = presence { true } else { false } }
    var wantsRegistration: Bool { hasBeenGood || settings.start == .atOnce }

    private var wantedStatus: ConsulStatus {
        switch status {
        case .healthy?: .passing
        case .degraded?: settings.degraded
        case .unhealthy?, nil: .critical
        }
    }

    // MARK: The next task

    func nextTask(at now: Instant) -> ConsulTask? {
        switch presence {
        case .unknown, .absent:
            if wantsRegistration { return .registering(service) }
            // Unhealthy from the start: a former process may have left a check that is still passing.
            if presence == .unknown, status != nil { return service.isTold ? .telling(.critical) : .looking }
        case .present(let known):
            if known != service { return .registering(service) }
            let isDue = beatAt.map { now >= $0 } ?? true
            if service.isTold, isDue || acknowledged != wantedStatus { return .telling(wantedStatus) }
            if isDue { return .looking }
        }
        return former.first.map { .deregistering($0) }
    }

    /// During the drain. If the agent checks by itself, it notices the drain then.
    var drainingTask: ConsulTask? {
        service.isTold && presence != .absent && acknowledged != .critical ? .telling(.critical) : nil
    }

    var lastTask: ConsulTask? {
        if settings.leaving == .deregister, presence != .absent { return .deregistering(service.id) }
        if settings.leaving == .critical, let task = drainingTask { return task }
        return former.first.map { .deregistering($0) }
    }

    // MARK: Results

    mutating func judged(_ status: HealthStatus, output: String) {
        (self.status, self.output) = (status, output)
        if status != .unhealthy { hasBeenGood = true }
    }

    /// - Parameter mayBeThere: whether a running call may register the old identifier.
    mutating func adopt(_ settings: ConsulRegistrar.Settings, mayBeThere: Bool) {
        let (old, new) = (self.settings.service.id, settings.service.id)
        self.settings = settings
        guard old != new else { return }
        if mayBeThere || presence != .absent { former.append(old) }
        former.removeAll { $0 == new }
        (presence, acknowledged, noted, beatAt) = (.unknown, nil, nil, nil)
    }

    /// It is registered, and must be registered once more.
    mutating func doubt() {
        if isPresent { presence = .present(nil) }
    }

    /// A registration has been requested. It may succeed even if no answer comes.
    mutating func registering() {
        if !isPresent { presence = .unknown }
    }

    mutating func registered(_ service: ConsulService, at now: Instant) {
        // The agent keeps the state of an existing check, so the status must be sent again.
        (presence, acknowledged, beatAt) = (.present(service), nil, now + service.beat)
    }

    mutating func told(_ status: ConsulStatus, at now: Instant) -> [RegistrarNote] {
        // The first status after registering is only reported if it is not the best.
        let isNews = noted.map { $0 != status } ?? (status != .passing)
        (acknowledged, noted) = (status, status)
        seen(at: now)
        return isNews ? [.told(status.rawValue)] : []
    }

    /// The status may have been set even if no answer has come.
    mutating func mayHaveTold() {
        acknowledged = nil
    }

    /// The agent has the service.
    mutating func seen(at now: Instant) {
        if !isPresent { presence = .present(nil) }
        beatAt = now + service.beat
    }

    /// The agent does not have the service.
    mutating func missed() -> [RegistrarNote] {
        // After the configured time in the critical state, the agent deregisters a service by itself.
        let isNews = isPresent && acknowledged != .critical
        (presence, acknowledged) = (.absent, nil)
        return isNews ? [.lost] : []
    }

    mutating func deregistered(_ id: String) -> [RegistrarNote] {
        former.removeAll { $0 == id }
        guard id == service.id else { return [] }
        (presence, acknowledged) = (.absent, nil)
        return [.deregistered]
    }
}

extension ConsulService {
    /// Whether the agent gets updates, and does not check by itself.
    fileprivate var isTold: Bool { if case .ttl = check { true } else { false } }

    /// The time between updates. Two of three may be lost within a TTL.
    fileprivate var beat: Duration {
        switch check {
        case .ttl(let time): time * 3 / 10
        case .http: .seconds(30)
        }
    }

    /// After a failure.
    var longestPause: Duration {
        switch check {
        case .ttl(let time): time / 3
        case .http: .seconds(10)
        }
    }
}
