package import Health
package import Time

/// Maintains a node's registration in Cloud Map, as a machine. After each event it compares the wanted state with the
/// acknowledged state; a failed call is not simply repeated. There is at most one call at a time.
package struct CloudMapRegistrar: Sendable {
    package enum Action: Sendable, Equatable {
        /// Make the call, and then call `answered` or `failed`.
        case call(CloudMapCall)
        case note(RegistrarNote)
        /// Nothing is left to do.
        case end
    }

    private enum Life {
        case serving, leaving, gone
    }

    private var ledger: CloudMapLedger
    private var random: any RandomNumberGenerator & Sendable
    private var backoff = Backoff(longest: .seconds(30))
    private var life = Life.serving
    /// The task of the running call.
    private var task: CloudMapTask?
    /// A reload has changed the identity since the call was made, so its result does not count.
    private var isOutdated = false
    private var failedTask: CloudMapTask?
    private var operation: OperationWatch?
    private var registersSince: Instant?
    /// The last registration that was tried, so that Cloud Map recognises a retry.
    private var request: (registration: CloudMapRegistration, health: CloudMapHealth?, id: String)?

    package init(
        _ settings: Settings, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        ledger = CloudMapLedger(settings)
        self.random = random
    }

    // MARK: State

    package var isRegistered: Bool { ledger.isPresent }

    /// The acknowledged health; nil if it is unknown, or if the service has no custom health check.
    package var acknowledgedHealth: CloudMapHealth? {
        ledger.isPresent && ledger.hasCustomHealth ? ledger.health : nil
    }

    package var instanceID: String { ledger.identity.instanceID }

    /// The cause of the failure before the present pause.
    package var cause: RegistryCause? { backoff.cause }

    /// When to call `timePassed`; nil for never.
    package var wakeAt: Instant? {
        guard task == nil, life != .gone else { return nil }
        if let pause = [backoff.waitsUntil, operation?.pollAt].compactMap({ $0 }).max() { return pause }
        return life == .serving && ledger.isPresent ? ledger.lookAt : nil
    }

    package var phase: RegistrarPhase {
        switch (life, ledger.presence) {
        case (.gone, _): return .gone
        case (.leaving, _): return .draining
        case (.serving, .swept): return .superseded
        case (.serving, _) where task == nil && backoff.waitsUntil != nil:
            return backoff.cause == .denied ? .denied : .retrying
        case (.serving, .present): return .registered
        case (.serving, .lost): return .looking
        case (.serving, .unknown), (.serving, .absent): return ledger.wantsRegistration ? .registering : .waiting
        }
    }

    // MARK: Events

    package mutating func begin(at now: Instant) -> [Action] { proceed(at: now) }

    /// A check has ended.
    package mutating func judged(_ status: HealthStatus, at now: Instant) -> [Action] {
        // Looking and telling fail independently.
        if ledger.judged(status), failedTask == .inspecting { backoff.tryNow() }
        return proceed(at: now)
    }

    package mutating func timePassed(at now: Instant) -> [Action] { proceed(at: now) }

    /// There are new keys.
    package mutating func keysChanged(at now: Instant) -> [Action] {
        if backoff.cause == .denied || backoff.cause == .expired { backoff.tryNow() }
        return proceed(at: now)
    }

    package mutating func answered(_ answer: CloudMapAnswer, at now: Instant) -> [Action] {
        guard let task = endTask() else { return [] }
        backoff.answered()
        failedTask = nil
        guard !isOutdated else { return proceed(at: now) }
        return take(answer, of: task, at: now) + proceed(at: now)
    }

    package mutating func failed(_ failure: CloudMapFailure, at now: Instant) -> [Action] {
        guard let task = endTask() else { return [] }
        guard !isOutdated else { return proceed(at: now) }
        failedTask = task
        return take(failure, of: task, at: now) + proceed(at: now)
    }

    /// After a reload. Sends nothing if the registration is unchanged.
    package mutating func adopt(_ settings: Settings, at now: Instant) -> [Action] {
        guard life == .serving else { return [] }
        let old = ledger.identity
        ledger.adopt(settings, mayBeThere: task != nil || operation != nil)
        if ledger.identity != old {
            operation = operation?.disowned(at: now)
            isOutdated = task != nil
            registersSince = nil
        }
        // A refused request may be allowed now, or may be different.
        if ledger.identity != old || backoff.isRefused { backoff.tryNow() }
        return proceed(at: now)
    }

    /// The process is about to end.
    package mutating func drain(at now: Instant) -> [Action] {
        guard life == .serving else { return [] }
        life = ledger.settings.leaving == .keep ? .gone : .leaving
        guard life == .leaving else { return [.end] }
        backoff.tryNow()
        operation?.pollNow(at: now)
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
        if let operation { return now >= operation.pollAt ? [start(.polling(operation), at: now)] : [] }
        let next = life == .leaving ? ledger.lastTask : ledger.nextTask(at: now, failed: failedTask)
        if let next { return [start(next, at: now)] }
        var actions: [Action] = []
        if let note = backoff.settle(at: now) { actions.append(.note(note)) }
        if life == .leaving {
            life = .gone
            actions.append(.end)
        }
        return actions
    }

    private mutating func start(_ task: CloudMapTask, at now: Instant) -> Action {
        self.task = task
        isOutdated = false
        let (service, instance) = (ledger.identity.serviceID, ledger.identity.instanceID)
        switch task {
        case .inspecting: return .call(.getInstance(service: service, instance: instance))
        case .listing(let page): return .call(.listInstances(service: service, page: page))
        case .polling(let operation): return .call(.getOperation(operation.id))
        case .registering(let health):
            ledger.registering()
            if registersSince == nil { registersSince = now }
            return .call(.registerInstance(ledger.settings.registration, initially: health, request: requestID(health)))
        case .telling(let health): return .call(.updateHealth(service: service, instance: instance, health))
        case .deregistering(let identity):
            return .call(.deregisterInstance(service: identity.serviceID, instance: identity.instanceID))
        }
    }

    private mutating func requestID(_ health: CloudMapHealth?) -> String {
        let registration = ledger.settings.registration
        if let request, request.registration == registration, request.health == health { return request.id }
        let id = SHA256.hex((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
        request = (registration, health, id)
        return id
    }

    private mutating func endTask() -> CloudMapTask? {
        guard life != .gone else { return nil }
        defer { task = nil }
        return task
    }

    // MARK: Results

    private mutating func take(_ answer: CloudMapAnswer, of task: CloudMapTask, at now: Instant) -> [Action] {
        switch (task, answer) {
        case (.inspecting, .instance(let entry)): ledger.found(entry, lookAt: nextLook(at: now))
        case (.listing, .instances(let entries, let next)):
            let (notes, goesOn) = ledger.listed(entries)
            if goesOn, let next { return [start(.listing(page: next), at: now)] }
            if goesOn { ledger.listEnded() }
            return notes.map { .note($0) }
        case (.registering(let health), .begun(let id)):
            let registration = request?.registration ?? ledger.settings.registration
            operation = OperationWatch(id, .registration(registration, initially: health), at: now)
        case (.telling(let health), .healthUpdated): return ledger.told(health).map { .note($0) }
        case (.deregistering(let identity), .begun(let id)):
            operation = OperationWatch(id, .deregistration(identity), at: now)
        case (.polling, .operation(let progress)): return take(progress, at: now)
        default: return fail(.server, "an answer to another question", at: now)
        }
        return []
    }

    private mutating func take(_ progress: CloudMapProgress, at now: Instant) -> [Action] {
        guard let watched = operation else { return [] }
        if progress == .underway {
            if operation?.polled(at: now) == true { return [] }
            operation = nil
            return fail(.timeout, "operation \(watched.id) is not done after a minute", at: now)
        }
        operation = nil
        switch (watched.purpose, progress) {
        // The other operation has ended, with whatever result.
        case (.another, _): return []
        case (.registration(let registration, let health), .succeeded):
            let duration = registersSince.map { now - $0 } ?? .zero
            (request, registersSince) = (nil, nil)
            ledger.registered(registration, health, lookAt: nextLook(at: now))
            return [.note(.registered(duration: duration))]
        case (.deregistration(let identity), .succeeded): return ledger.deregistered(identity).map { .note($0) }
        case (_, .failed(let code, let message)):
            request = nil
            let problem = CloudMapFailure.Problem(operationError: code)
            return fail(problem, "operation \(watched.id) failed: \(code) \(message)", at: now)
        case (_, .underway): return []
        }
    }

    private mutating func take(_ failure: CloudMapFailure, of task: CloudMapTask, at now: Instant) -> [Action] {
        switch (task, failure.problem) {
        case (.inspecting, .instanceNotFound), (.telling, .instanceNotFound):
            backoff.answered()
            return ledger.missed().map { .note($0) }
        case (.deregistering(let identity), .instanceNotFound), (.deregistering(let identity), .serviceNotFound):
            backoff.answered()
            return ledger.deregistered(identity).map { .note($0) }
        case (.telling, .customHealthNotFound),
            (.registering(.some), .invalid) where failure.isOfCustomHealth:
            backoff.answered()
            return ledger.foundNoCustomHealth().map { .note($0) }
        case (_, .duplicate(let other?)):
            // Not reported: the same call is tried again after a pause.
            operation = OperationWatch(other, .another, at: now)
            backoff.failed(failure.cause, isRefusal: false, at: now, using: &random)
            return []
        case (.polling, .operationNotFound):
            operation = nil
            return fail(failure, at: now)
        case (.telling, _) where failure.leavesDoubt:
            ledger.mayHaveTold()
            return fail(failure, at: now)
        default: return fail(failure, at: now)
        }
    }

    private mutating func fail(_ problem: CloudMapFailure.Problem, _ detail: String, at now: Instant) -> [Action] {
        fail(CloudMapFailure(problem, of: .getOperation, detail: detail), at: now)
    }

    private mutating func fail(_ failure: CloudMapFailure, at now: Instant) -> [Action] {
        backoff.failed(failure.cause, isRefusal: failure.isRefusal, at: now, using: &random)
        var actions: [Action] = []
        if let note = backoff.note(failure.cause, text: "\(failure)") { actions.append(.note(note)) }
        if life == .leaving, failure.isRefusal {
            // At the end there is no time to wait for a permission.
            life = .gone
            actions.append(.end)
        }
        return actions
    }

    private mutating func nextLook(at now: Instant) -> Instant {
        now + ledger.settings.refresh * Double.random(in: 0.9...1.1, using: &random)
    }
}
