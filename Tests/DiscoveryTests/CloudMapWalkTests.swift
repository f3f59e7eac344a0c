import Health
import TestSupport
import Testing
import Time

@testable import Discovery

/// A registrar and a registry, to which anything may happen.
private struct Walk {
    private(set) var registrar: CloudMapRegistrar
    private(set) var registry = PretendedCloudMap()
    private var numbers: Numbers
    private(set) var now = Then.start.instant
    /// The call that is out.
    private(set) var out: CloudMapCall?
    private(set) var status: HealthStatus?
    private(set) var hasBeenGood = false
    private(set) var settings: CloudMapRegistrar.Settings
    private(set) var hasEnded = false
    private(set) var steps = 0
    /// What has happened, for a walk that goes wrong.
    private(set) var log: [String] = []
    /// What went against the rules, should anything.
    private(set) var faults: [String] = []

    init(seed: UInt64, leaving: CloudMapRegistrar.Settings.Leaving = .deregister) throws {
        settings = CloudMapRegistrar.Settings(try CloudMapTrial.registration())
        settings.leaving = leaving
        registrar = CloudMapRegistrar(settings, random: Numbers(seed: seed &+ 1))
        numbers = Numbers(seed: seed)
        take(registrar.begin(at: now))
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &numbers) < percent }

    private mutating func take(_ actions: [CloudMapRegistrar.Action]) {
        steps += 1
        log.append("\(steps) \(registrar.phase): " + actions.map(CloudMapTrial.short).joined(separator: ", "))
        for action in actions {
            switch action {
            case .call(let call):
                if out != nil { faults.append("a second call is out: \(call)") }
                if hasEnded { faults.append("a call after the end: \(call)") }
                out = call
            case .end: hasEnded = true
            case .note: break
            }
        }
        if out == nil, let wake = registrar.wakeAt, wake <= now, actions.isEmpty {
            faults.append("it waits for what has passed, in \(registrar.phase)")
        }
    }

    // MARK: Events

    /// Anything that may happen, happens.
    mutating func step() throws {
        if out != nil, chance(70) { return chance(60) ? answer() : fail() }
        switch Int.random(in: 0..<100, using: &numbers) {
        case 0..<30: judge()
        case 30..<70: passTime()
        case 70..<75: take(registrar.keysChanged(at: now))
        case 75..<80: registry.remove("i-1")
        case 80..<82: registry.add(CloudMapTrial.entry("other", stack: chance(50) ? "blue" : "green"))
        case 82..<84: registry.remove("other")
        case 84..<87: try adopt(CloudMapTrial.registration(settings.registration.instanceID))
        case 87..<88: try adopt(CloudMapTrial.registration(chance(50) ? "i-1" : "i-2"))
        case 88..<89: try adopt(CloudMapTrial.registration(address: chance(50) ? "10.0.0.7" : "10.0.0.8"))
        case 89..<92: registry.failsWith = ["INTERNAL_FAILURE", "ACCESS_DENIED"].randomElement(using: &numbers)
        default: registry.pollsNeeded = Int.random(in: 0...12, using: &numbers)
        }
    }

    private mutating func judge() {
        let status = HealthStatus.allCases.randomElement(using: &numbers) ?? .healthy
        self.status = status
        if status != .unhealthy { hasBeenGood = true }
        take(registrar.judged(status, at: now))
    }

    /// To the next alarm, or not so far.
    private mutating func passTime() {
        if let wake = registrar.wakeAt, chance(80) {
            now = max(now, wake)
        } else {
            now = now + .milliseconds(Int.random(in: 0...2_000, using: &numbers))
        }
        take(registrar.timePassed(at: now))
    }

    mutating func adopt(_ registration: CloudMapRegistration) {
        settings.registration = registration
        log.append("ADOPT \(registration.instanceID)")
        take(registrar.adopt(settings, at: now))
    }

    mutating func answer() {
        guard let call = out else { return }
        out = nil
        now = now + .milliseconds(5)
        log.append("ANSWER")
        switch registry.answer(call) {
        case .success(let answer): take(registrar.answered(answer, at: now))
        case .failure(let failure): take(registrar.failed(failure, at: now))
        }
    }

    private mutating func fail() {
        guard let call = out else { return }
        out = nil
        let problems: [CloudMapFailure.Problem] = [
            .throttled, .denied, .expired, .clock, .serviceNotFound, .unreachable, .timeout, .server, .invalid,
            .duplicate(operation: nil), .duplicate(operation: "op-1"), .operationNotFound,
        ]
        let problem = problems.randomElement(using: &numbers) ?? .server
        // The answer may be lost after what was asked for has been done.
        if problem == .timeout { _ = registry.answer(call) }
        // A service that is gone has no instances.
        if problem == .serviceNotFound, case .deregisterInstance(_, let id) = call { registry.remove(id) }
        log.append("FAIL \(problem)")
        take(registrar.failed(CloudMapFailure(problem, of: call.operation, detail: "by chance"), at: now))
    }

    // MARK: Calm

    /// The registry answers, and nothing else happens, for so long that the registrar has looked.
    mutating func calm(for duration: Duration = .seconds(900)) {
        (registry.failsWith, registry.pollsNeeded) = (nil, 1)
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

    mutating func drain() {
        take(registrar.drain(at: now))
    }

    /// What is not as it should be.
    var differences: [String] {
        let id = settings.registration.instanceID
        var found = faults
        if registrar.phase == .superseded {
            if registry.entries[id] != nil { found.append("superseded, but there") }
            return found
        }
        let wanted: CloudMapHealth? = status.map { $0 == .unhealthy ? .unhealthy : .healthy }
        switch registry.entries[id] {
        case nil: if hasBeenGood { found.append("not registered, in \(registrar.phase)") }
        case let entry?:
            if !settings.registration.matches(entry) { found.append("registered as something else") }
            if registry.health[id] != wanted { found.append("health \(String(describing: registry.health[id]))") }
            if registrar.acknowledgedHealth != wanted { found.append("another acknowledged health") }
        }
        if registrar.isRegistered != (registry.entries[id] != nil) { found.append("another acknowledged presence") }
        for other in ["i-1", "i-2"] where other != id && registry.entries[other] != nil {
            found.append("\(other) is still there")
        }
        return found
    }
}

@Suite("The registrar for Cloud Map, whatever happens")
struct CloudMapWalkTests {
    @Test("In a walk of 100,000 steps it comes to what should be whenever the registry answers, by one call at a time")
    func convergence() throws {
        var steps = 0
        var seed: UInt64 = 0
        var rests = 0
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
                rests += 1
                let story = walk.log.suffix(walk.differences.isEmpty ? 0 : 100).joined(separator: "\n")
                try #require(walk.differences.isEmpty, "seed \(seed): \(walk.differences) after\n\(story)")
                if walk.registrar.phase == .superseded { walk.adopt(walk.settings.registration) }
            }
            steps += walk.steps
        }
        #expect(rests >= 300)
        // The walk came by everything that is not the end.
        #expect(phases == Set(RegistrarPhase.allCases).subtracting([.draining, .gone]))
    }

    @Test("Wherever it is when the process ends, nothing of it is left, and the end comes")
    func draining() throws {
        for seed in 0..<1_000 {
            var walk = try Walk(seed: UInt64(seed))
            for _ in 0..<Int(seed % 97) { try walk.step() }
            walk.drain()
            walk.calm()
            let left = ["i-1", "i-2"].filter { walk.registry.entries[$0] != nil }
            try #require(walk.hasEnded && walk.faults.isEmpty && left.isEmpty, "seed \(seed): \(walk.faults) \(left)")
        }
    }

    @Test("Or it is left as unhealthy")
    func leavingUnhealthy() throws {
        for seed in 0..<1_000 {
            var walk = try Walk(seed: UInt64(seed), leaving: .unhealthy)
            for _ in 0..<Int(seed % 97) { try walk.step() }
            walk.drain()
            walk.calm()
            let left = ["i-1", "i-2"].filter { walk.registry.health[$0] == .healthy }
            try #require(walk.hasEnded && walk.faults.isEmpty && left.isEmpty, "seed \(seed): \(walk.faults) \(left)")
        }
    }
}
