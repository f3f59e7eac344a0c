import Health
import Time

/// What the registrar makes a call for.
enum ConsulTask: Sendable, Equatable {
    case registering(ConsulService)
    case telling(ConsulStatus)
    case looking
    case deregistering(String)
}

/// What should be, and what Consul's agent has acknowledged: from both follows the next task.
struct ConsulLedger: Sendable {
    enum Presence: Sendable, Equatable {
        /// An earlier life of this process may have left a registration.
        case unknown
        case absent
        /// Nil where it may say something else than it should.
        case present(ConsulService?)
    }

    private(set) var settings: ConsulRegistrar.Settings
    private var status: HealthStatus?
    private(set) var output = ""
    private var hasBeenGood = false

    private(set) var presence = Presence.unknown
    private(set) var acknowledged: ConsulStatus?
    private var noted: ConsulStatus?
    /// When the agent is to hear from us again.
    private(set) var beatAt: Instant?
    /// What was registered before a reload changed the identifier; it ends when the new registration is there.
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

    // MARK: What follows

    func nextTask(at now: Instant) -> ConsulTask? {
        switch presence {
        case .unknown, .absent:
            if wantsRegistration { return .registering(service) }
            // Ill from the start: an earlier life may have left a check that still passes.
            if presence == .unknown, status != nil { return service.isTold ? .telling(.critical) : .looking }
        case .present(let known):
            if known != service { return .registering(service) }
            let isDue = beatAt.map { now >= $0 } ?? true
            if service.isTold, isDue || acknowledged != wantedStatus { return .telling(wantedStatus) }
            if isDue { return .looking }
        }
        return former.first.map { .deregistering($0) }
    }

    /// While the process drains. Where the agent asks by itself, it hears of that then.
    var drainingTask: ConsulTask? {
        service.isTold && presence != .absent && acknowledged != .critical ? .telling(.critical) : nil
    }

    var lastTask: ConsulTask? {
        if settings.leaving == .deregister, presence != .absent { return .deregistering(service.id) }
        if settings.leaving == .critical, let task = drainingTask { return task }
        return former.first.map { .deregistering($0) }
    }

    // MARK: What has come to be

    mutating func judged(_ status: HealthStatus, output: String) {
        (self.status, self.output) = (status, output)
        if status != .unhealthy { hasBeenGood = true }
    }

    /// - Parameter mayBeThere: a call is out that may register the old identifier.
    mutating func adopt(_ settings: ConsulRegistrar.Settings, mayBeThere: Bool) {
        let (old, new) = (self.settings.service.id, settings.service.id)
        self.settings = settings
        guard old != new else { return }
        if mayBeThere || presence != .absent { former.append(old) }
        former.removeAll { $0 == new }
        (presence, acknowledged, noted, beatAt) = (.unknown, nil, nil, nil)
    }

    /// It is registered, and has to be so once more.
    mutating func doubt() {
        if isPresent { presence = .present(nil) }
    }

    /// A registration is asked for. It may come to be though no answer says so.
    mutating func registering() {
        if !isPresent { presence = .unknown }
    }

    mutating func registered(_ service: ConsulService, at now: Instant) {
        // The agent keeps the state of a check that it has, so that it has to be told again.
        (presence, acknowledged, beatAt) = (.present(service), nil, now + service.beat)
    }

    mutating func told(_ status: ConsulStatus, at now: Instant) -> [RegistrarNote] {
        // The first word after registering is no news where it is the best.
        let isNews = noted.map { $0 != status } ?? (status != .passing)
        (acknowledged, noted) = (status, status)
        seen(at: now)
        return isNews ? [.told(status.rawValue)] : []
    }

    /// What was told may have come through, though no answer says so.
    mutating func mayHaveTold() {
        acknowledged = nil
    }

    /// The agent has it.
    mutating func seen(at now: Instant) {
        if !isPresent { presence = .present(nil) }
        beatAt = now + service.beat
    }

    /// The agent does not have it.
    mutating func missed() -> [RegistrarNote] {
        // What was critical for long, the agent deregisters by itself, as it was told to.
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
    /// Whether the agent is told, and does not ask by itself.
    fileprivate var isTold: Bool { if case .ttl = check { true } else { false } }

    /// From one word to the agent to the next. Two in three may be lost before a TTL is over.
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
