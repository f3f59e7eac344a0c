package import Health
package import Time

/// Maintains a service's registration with Consul's agent, as a machine. After each event it compares the wanted
/// state with the acknowledged state; a failed call is not simply repeated. There is at most one call at a time.
package struct ConsulRegistrar: Sendable {
    package struct Settings: Sendable, Equatable {
        package enum Start: Sendable {
            /// At the first check that is healthy or degraded.
            case whenHealthy
            /// At the start, as critical until a check says otherwise.
            case atOnce
        }

        package enum Leaving: Sendable {
            /// Critical at once, and deregistered after the drain.
            case deregister
            case critical, keep
        }

        package var service: ConsulService
        package var start = Start.whenHealthy
        package var leaving = Leaving.deregister
        /// The status of a degraded node: warning, or passing for readers that accept only passing.
        package var degraded = ConsulStatus.warning

        package init(_ service: ConsulService) {
            self.service = service
        }
    }

    package enum Action: Sendable, Equatable {
        /// Make the call, and then call `answered` or `failed`.
        case call(ConsulCall)
        /// The token was refused. Read it again, and call `tokenChanged` if it is different.
        case readToken
        case note(RegistrarNote)
        /// Nothing is left to do.
        case end
    }

    private enum Life {
        case serving, draining, leaving, gone
    }

    private var ledger: ConsulLedger
    private var random: any RandomNumberGenerator & Sendable
    private var backoff: Backoff
    private var life = Life.serving
    /// The task of the running call.
    private var task: ConsulTask?
    /// A reload has changed the identifier since the call was made, so its result does not count.
    private var isOutdated = false
    private var registersSince: Instant?

    package init(
        _ settings: Settings, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        ledger = ConsulLedger(settings)
        self.random = random
        backoff = Backoff(longest: settings.service.longestPause)
    }

    // MARK: State

    package var isRegistered: Bool { ledger.isPresent }

    /// The acknowledged status; nil if it is unknown, or if the agent checks by itself.
    package var acknowledgedStatus: ConsulStatus? { ledger.isPresent ? ledger.acknowledged : nil }

    /// The cause of the failure before the present pause.
    package var cause: RegistryCause? { backoff.cause }

    /// When to call `timePassed`; nil for never.
    package var wakeAt: Instant? {
        guard task == nil, life != .gone else { return nil }
        if let pause = backoff.waitsUntil { return pause }
        return life == .serving && ledger.isPresent ? ledger.beatAt : nil
    }

    package var phase: RegistrarPhase {
        switch (life, ledger.presence) {
        case (.gone, _): return .gone
        case (.draining, _), (.leaving, _): return .draining
        case (.serving, _) where task == nil && backoff.waitsUntil != nil:
            return backoff.cause == .denied ? .denied : .retrying
        case (.serving, .present): return .registered
        case (.serving, .unknown), (.serving, .absent): return ledger.wantsRegistration ? .registering : .waiting
        }
    }

    // MARK: Events

    package mutating func begin(at now: Instant) -> [Action] { proceed(at: now) }

    /// A check has ended.
    /// - Parameter output: the text that Consul shows: the report as text, without secrets.
    package mutating func judged(_ status: HealthStatus, output: String, at now: Instant) -> [Action] {
        ledger.judged(status, output: output)
        return proceed(at: now)
    }

    package mutating func timePassed(at now: Instant) -> [Action] { proceed(at: now) }

    /// The token is different. The agent keeps the token of a registration, so the service must be registered again.
    package mutating func tokenChanged(at now: Instant) -> [Action] {
        ledger.doubt()
        backoff.tryNow()
        return proceed(at: now)
    }

    package mutating func answered(_ answer: ConsulAnswer, at now: Instant) -> [Action] {
        guard let task = endTask() else { return [] }
        backoff.answered()
        guard !isOutdated else { return proceed(at: now) }
        return complete(task, at: now).map { .note($0) } + proceed(at: now)
    }

    package mutating func failed(_ failure: ConsulFailure, at now: Instant) -> [Action] {
        guard let task = endTask() else { return [] }
        guard !isOutdated else { return proceed(at: now) }
        return take(failure, of: task, at: now) + proceed(at: now)
    }

    /// After a reload. Sends nothing if the service is unchanged.
    package mutating func adopt(_ settings: Settings, at now: Instant) -> [Action] {
        guard life == .serving else { return [] }
        let old = ledger.service.id
        ledger.adopt(settings, mayBeThere: task != nil)
        backoff.longest = settings.service.longestPause
        if old != settings.service.id {
            (isOutdated, registersSince) = (task != nil, nil)
            backoff.tryNow()
        }
        // A refused request may be allowed now, or may be different.
        if backoff.isRefused { backoff.tryNow() }
        return proceed(at: now)
    }

    /// The process drains: it is about to end, but still answers.
    package mutating func drain(at now: Instant) -> [Action] {
        guard life == .serving else { return [] }
        life = ledger.settings.leaving == .keep ? .gone : .draining
        guard life == .draining else { return [.end] }
        backoff.tryNow()
        return proceed(at: now)
    }

    /// The drain is over.
    package mutating func drainEnded(at now: Instant) -> [Action] {
        guard life == .draining else { return [] }
        life = .leaving
        backoff.tryNow()
        return proceed(at: now)
    }

    /// The process ends now, even during a call.
    package mutating func end() {
        life = .gone
    }

    // MARK: The next step

    private mutating func proceed(at now: Instant) -> [Action] {
        guard task == nil, life != .gone else { return [] }
        if let pause = backoff.waitsUntil, now < pause { return [] }
        if let next = nextTask(at: now) { return [start(next, at: now)] }
        var actions: [Action] = []
        if let note = backoff.settle(at: now) { actions.append(.note(note)) }
        if life == .leaving {
            life = .gone
            actions.append(.end)
        }
        return actions
    }

    private func nextTask(at now: Instant) -> ConsulTask? {
        switch life {
        case .serving: ledger.nextTask(at: now)
        case .draining: ledger.drainingTask
        case .leaving: ledger.lastTask
        case .gone: nil
        }
    }

    private mutating func start(_ task: ConsulTask, at now: Instant) -> Action {
        self.task = task
        isOutdated = false
        switch task {
        case .registering(let service):
            ledger.registering()
            if registersSince == nil { registersSince = now }
            return .call(.register(service))
        case .telling(let status):
            let output = life == .serving ? ledger.output : "draining"
            return .call(.update(check: ledger.service.checkID, status, output: output))
        case .looking: return .call(.look(service: ledger.service.id))
        case .deregistering(let id): return .call(.deregister(service: id))
        }
    }

    private mutating func endTask() -> ConsulTask? {
        guard life != .gone else { return nil }
        defer { task = nil }
        return task
    }

    // MARK: Results

    private mutating func complete(_ task: ConsulTask, at now: Instant) -> [RegistrarNote] {
        switch task {
        case .registering(let service):
            defer { registersSince = nil }
            let isNew = !ledger.isPresent
            ledger.registered(service, at: now)
            return isNew ? [.registered(duration: registersSince.map { now - $0 } ?? .zero)] : []
        case .telling(let status): return ledger.told(status, at: now)
        case .looking:
            ledger.seen(at: now)
            return []
        case .deregistering(let id): return ledger.deregistered(id)
        }
    }

    private mutating func take(_ failure: ConsulFailure, of task: ConsulTask, at now: Instant) -> [Action] {
        switch (task, failure.problem) {
        case (.telling, .unknown), (.looking, .unknown):
            backoff.answered()
            return ledger.missed().map { .note($0) }
        case (.telling, .unreachable), (.telling, .timeout), (.telling, .server): ledger.mayHaveTold()
        default: break
        }
        backoff.failed(failure.cause, isRefusal: failure.isRefusal, at: now, using: &random)
        var actions: [Action] = []
        if let note = backoff.note(failure.cause, text: "\(failure)") { actions.append(.note(note)) }
        if failure.problem == .denied { actions.append(.readToken) }
        if life == .leaving, failure.isRefusal {
            // At the end there is no time to wait for a permission.
            life = .gone
            actions.append(.end)
        }
        return actions
    }
}
