import Health
import TestSupport
import Testing
import Time

@testable import Discovery

/// Consul's agent: it keeps the state of a check over a registration, and may lose all of it.
private struct PretendedAgent {
    private(set) var services: [String: (service: ConsulService, status: ConsulStatus, heardAt: Instant)] = [:]

    mutating func lose() { services = [:] }

    mutating func answer(_ call: ConsulCall, at now: Instant) -> Result<ConsulAnswer, ConsulFailure> {
        switch call {
        case .register(let service):
            services[service.id] = (service, services[service.id]?.status ?? .critical, now)
        case .update(let check, let status, _):
            guard let id = services.first(where: { $0.value.service.checkID == check })?.key else {
                return .failure(ConsulFailure(.unknown, of: call.operation, detail: "Unknown check"))
            }
            services[id]?.status = status
            services[id]?.heardAt = now
        case .look(let id):
            guard let service = services[id] else {
                return .failure(ConsulFailure(.unknown, of: call.operation, detail: "not found"))
            }
            return .success(.known(service.status))
        case .deregister(let id): services[id] = nil
        }
        return .success(.done)
    }
}

private struct Walk {
    private(set) var registrar: ConsulRegistrar
    private(set) var agent = PretendedAgent()
    private var numbers: Numbers
    private(set) var now = Then.start.instant
    private(set) var out: ConsulCall?
    private(set) var status: HealthStatus?
    private(set) var hasBeenGood = false
    private(set) var settings: ConsulRegistrar.Settings
    private(set) var hasEnded = false
    private(set) var steps = 0
    private(set) var faults: [String] = []

    init(seed: UInt64) throws {
        settings = ConsulRegistrar.Settings(try ConsulTrial.service())
        registrar = ConsulRegistrar(settings, random: Numbers(seed: seed &+ 1))
        numbers = Numbers(seed: seed)
        take(registrar.begin(at: now))
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &numbers) < percent }

    private mutating func take(_ actions: [ConsulRegistrar.Action]) {
        steps += 1
        for action in actions {
            switch action {
            case .call(let call):
                if out != nil { faults.append("a second call is out: \(call)") }
                if hasEnded { faults.append("a call after the end: \(call)") }
                out = call
            case .end: hasEnded = true
            case .note, .readToken: break
            }
        }
        if out == nil, let wake = registrar.wakeAt, wake <= now, actions.isEmpty {
            faults.append("it waits for what has passed, in \(registrar.phase)")
        }
    }

    mutating func step() throws {
        if out != nil, chance(70) { return chance(60) ? answer() : fail() }
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<30:
            let status = HealthStatus.allCases.randomElement(using: &numbers) ?? .healthy
            self.status = status
            if status != .unhealthy { hasBeenGood = true }
            take(registrar.judged(status, output: "", at: now))
        case 30..<75:
            if let wake = registrar.wakeAt, chance(80) {
                now = max(now, wake)
            } else {
                now = now + .milliseconds(Int.random(in: 0...2_000, using: &numbers))
            }
            take(registrar.timePassed(at: now))
        case 75..<80: take(registrar.tokenChanged(at: now))
        case 80..<88: agent.lose()
        case 88..<92: adopt(try ConsulTrial.service(settings.service.id))
        case 92..<95: adopt(try ConsulTrial.service(chance(50) ? "s1" : "s2"))
        case 95..<97: adopt(try ConsulTrial.service(check: ConsulTrial.asked))
        default: adopt(try ConsulTrial.service(port: chance(50) ? 3000 : 3001))
        }
    }

    private mutating func adopt(_ service: ConsulService) {
        settings.service = service
        take(registrar.adopt(settings, at: now))
    }

    private mutating func answer() {
        guard let call = out else { return }
        out = nil
        now = now + .milliseconds(1)
        switch agent.answer(call, at: now) {
        case .success(let answer): take(registrar.answered(answer, at: now))
        case .failure(let failure): take(registrar.failed(failure, at: now))
        }
    }

    private mutating func fail() {
        guard let call = out else { return }
        out = nil
        let problems: [ConsulFailure.Problem] = [.throttled, .denied, .unreachable, .timeout, .server, .invalid]
        let problem = problems.randomElement(using: &numbers) ?? .server
        if problem == .timeout { _ = agent.answer(call, at: now) }
        take(registrar.failed(ConsulFailure(problem, of: call.operation, detail: "by chance"), at: now))
    }

    /// The agent answers, and nothing else happens.
    mutating func calm(for duration: Duration = .seconds(120)) {
        let end = now + duration
        for _ in 0..<1_000 where now < end && !hasEnded {
            if out != nil {
                answer()
            } else {
                now = registrar.wakeAt.map { max(now, $0) } ?? end
                take(registrar.timePassed(at: now))
            }
        }
        if now < end, !hasEnded { faults.append("it does not come to rest, in \(registrar.phase)") }
        while out != nil { answer() }
    }

    mutating func leave() {
        take(registrar.drain(at: now))
        calm()
        if hasEnded { faults.append("it ends before draining is over") }
        if agent.services.values.contains(where: { $0.status != .critical && $0.service.id == settings.service.id }),
            case .ttl = settings.service.check
        {
            faults.append("drained, but not critical")
        }
        take(registrar.drainEnded(at: now))
        calm()
    }

    var differences: [String] {
        var found = faults
        let wanted: ConsulStatus =
            switch status {
            case .healthy?: .passing
            case .degraded?: .warning
            case .unhealthy?, nil: .critical
            }
        if let known = agent.services[settings.service.id] {
            if known.service != settings.service { found.append("registered as something else") }
            if case .ttl(let time) = settings.service.check {
                if known.status != wanted { found.append("status \(known.status)") }
                if registrar.acknowledgedStatus != wanted { found.append("another acknowledged status") }
                if now - known.heardAt > time / 3 { found.append("not heard of for \(now - known.heardAt)") }
            }
        } else if hasBeenGood {
            found.append("not registered, in \(registrar.phase)")
        }
        if registrar.isRegistered != (agent.services[settings.service.id] != nil) {
            found.append("another acknowledged presence")
        }
        for other in ["s1", "s2"] where other != settings.service.id && agent.services[other] != nil {
            found.append("\(other) is still there")
        }
        return found
    }
}

@Suite("The registrar for Consul, whatever happens")
struct ConsulWalkTests {
    @Test("In a walk of 100,000 steps it comes to what should be whenever the agent answers, by one call at a time")
    func convergence() throws {
        var steps = 0
        var seed: UInt64 = 0
        var phases: Set<RegistrarPhase> = []
        while steps < 100_000 {
            seed += 1
            var walk = try Walk(seed: seed)
            for _ in 0..<10 {
                for _ in 0..<200 {
                    try walk.step()
                    phases.insert(walk.registrar.phase)
                }
                walk.calm()
                try #require(walk.differences.isEmpty, "seed \(seed), after \(walk.steps) steps: \(walk.differences)")
            }
            steps += walk.steps
        }
        #expect(phases == [.waiting, .registering, .registered, .retrying, .denied])
    }

    @Test("Wherever it is when the process ends, it is critical while that drains, and gone after")
    func draining() throws {
        for seed in 0..<1_000 {
            var walk = try Walk(seed: UInt64(seed))
            for _ in 0..<Int(seed % 97) { try walk.step() }
            walk.leave()
            try #require(
                walk.hasEnded && walk.faults.isEmpty && walk.agent.services.isEmpty,
                "seed \(seed): \(walk.faults) \(walk.agent.services.keys)")
        }
    }
}
