import HTTPClient
import Health
import TestSupport
import Testing
import Time

@testable import Discovery

/// A registrar, what it said last, and the point of time.
struct ConsulTrial {
    var registrar: ConsulRegistrar
    var now = Then.start.instant
    private(set) var actions: [ConsulRegistrar.Action] = []

    init(
        _ service: ConsulService? = nil, _ change: (inout ConsulRegistrar.Settings) -> Void = { _ in }
    ) throws {
        var settings = ConsulRegistrar.Settings(try service ?? Self.service())
        change(&settings)
        registrar = ConsulRegistrar(settings, random: Numbers())
    }

    static func service(
        _ id: String = "s1", port: Int = 3000, check: ConsulService.Check = .ttl(.seconds(30))
    ) throws -> ConsulService {
        var parts = ConsulService.Parts()
        (parts.name, parts.id, parts.port, parts.check) = ("grafana", id, port, check)
        return try ConsulService(parts)
    }

    static let asked = ConsulService.Check.http(
        URL(scheme: .http, host: "127.0.0.1", port: 8080, target: "/healthz"), interval: .seconds(2),
        timeout: .seconds(1))

    mutating func judged(_ status: HealthStatus) {
        actions = registrar.judged(status, output: "\(status)", at: now)
    }

    mutating func answered(_ answer: ConsulAnswer = .done) { actions = registrar.answered(answer, at: now) }
    mutating func drain() { actions = registrar.drain(at: now) }
    mutating func drainEnded() { actions = registrar.drainEnded(at: now) }
    mutating func tokenChanged() { actions = registrar.tokenChanged(at: now) }
    mutating func adopt(_ settings: ConsulRegistrar.Settings) { actions = registrar.adopt(settings, at: now) }

    mutating func failed(_ problem: ConsulFailure.Problem) {
        actions = registrar.failed(ConsulFailure(problem, of: .update, detail: "words"), at: now)
    }

    mutating func wake() {
        guard let time = registrar.wakeAt else { return }
        now = max(now, time)
        actions = registrar.timePassed(at: now)
    }

    mutating func wait(_ duration: Duration) {
        now = now + duration
        actions = registrar.timePassed(at: now)
    }

    mutating func register() {
        judged(.healthy)
        answered()
        answered()
    }

    /// The last actions, in short.
    var said: String { actions.map(Self.short).joined(separator: ", ") }

    static func short(_ action: ConsulRegistrar.Action) -> String {
        switch action {
        case .end: "end"
        case .readToken: "read token"
        case .note(.registered): "note registered"
        case .note(.failed(let cause, _)): "note failed \(cause.rawValue)"
        case .note(.recovered(let tries, _)): "note recovered \(tries)"
        case .note(.told(let status)): "note told \(status)"
        case .note(let note): "note \(note)"
        case .call(.register(let service)): "register \(service.id)"
        case .call(.update(_, let status, let output)): "\(status) \(output)"
        case .call(.look(let id)): "look \(id)"
        case .call(.deregister(let id)): "deregister \(id)"
        }
    }
}

@Suite("The registrar for Consul")
struct ConsulRegistrarTests {
    @Test("A service is registered at the first good check, and its status told at once")
    func registering() throws {
        var trial = try ConsulTrial()
        #expect(trial.registrar.begin(at: trial.now).isEmpty && trial.registrar.phase == .waiting)
        trial.judged(.degraded)
        #expect(trial.said == "register s1" && trial.registrar.phase == .registering)
        trial.answered()
        #expect(trial.said == "note registered, warning degraded" && trial.registrar.isRegistered)
        #expect(trial.registrar.acknowledgedStatus == nil)
        trial.answered()
        #expect(trial.said == "note told warning" && trial.registrar.acknowledgedStatus == .warning)
        trial.judged(.healthy)
        #expect(trial.said == "passing healthy")
        trial.answered()
        #expect(trial.said == "note told passing")
        trial.judged(.unhealthy)
        #expect(trial.said == "critical unhealthy")
    }

    @Test("Degraded may be passing, where readers take that alone")
    func degraded() throws {
        var trial = try ConsulTrial { $0.degraded = .passing }
        trial.register()
        trial.judged(.degraded)
        #expect(trial.said == "")
        trial.wake()
        #expect(trial.said == "passing degraded")
    }

    @Test("With a TTL of two seconds it tells every 0.6 seconds, a hundred times a minute")
    func heartbeat() throws {
        var trial = try ConsulTrial(ConsulTrial.service(check: .ttl(.seconds(2))))
        trial.register()
        let start = trial.now
        var beats = 0
        while trial.now - start < .seconds(60), beats < 1_000 {
            trial.wake()
            beats += 1
            #expect(trial.said == "passing healthy")
            trial.answered()
            #expect(trial.said == "")
        }
        #expect(beats == 100)
    }

    @Test("What the agent no longer knows is registered anew at once")
    func lost() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.wake()
        trial.failed(.unknown)
        #expect(trial.said == "note lost, register s1")
        trial.answered()
        #expect(trial.said == "note registered, passing healthy")
    }

    @Test("A service that was critical for so long that the agent ended it is registered anew without a word of loss")
    func ended() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.judged(.unhealthy)
        trial.answered()
        trial.wake()
        trial.failed(.unknown)
        #expect(trial.said == "register s1")
        trial.answered()
        #expect(trial.said == "note registered, critical unhealthy")
    }

    @Test("An ill node tells what an earlier life has left that it is ill")
    func earlierLife() throws {
        var trial = try ConsulTrial()
        trial.judged(.unhealthy)
        #expect(trial.said == "critical unhealthy" && trial.registrar.phase == .waiting)
        trial.failed(.unknown)
        #expect(trial.said == "" && trial.registrar.wakeAt == nil)
        trial.judged(.unhealthy)
        #expect(trial.said == "")

        trial = try ConsulTrial()
        trial.judged(.unhealthy)
        trial.answered()
        #expect(trial.said == "note told critical, register s1")
        trial.answered()
        #expect(trial.said == "critical unhealthy")
    }

    @Test("Where the agent asks by itself, it is only looked whether the service is there")
    func askedByAgent() throws {
        var trial = try ConsulTrial(ConsulTrial.service(check: ConsulTrial.asked))
        trial.judged(.healthy)
        trial.answered()
        #expect(trial.said == "note registered" && trial.registrar.wakeAt == trial.now + .seconds(30))
        trial.judged(.unhealthy)
        #expect(trial.said == "")
        trial.wake()
        #expect(trial.said == "look s1")
        trial.answered(.known(.critical))
        trial.wake()
        trial.failed(.unknown)
        #expect(trial.said == "note lost, register s1")
        trial.answered()
        trial.drain()
        #expect(trial.said == "")
        trial.drainEnded()
        #expect(trial.said == "deregister s1")
    }

    @Test("A refused token is read anew; with another one, the service is registered anew")
    func token() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.wake()
        trial.failed(.denied)
        #expect(trial.said == "note failed denied, read token" && trial.registrar.phase == .denied)
        trial.tokenChanged()
        #expect(trial.said == "register s1")
        trial.answered()
        #expect(trial.said == "passing healthy")
        trial.answered()
        #expect(trial.said == "note recovered 1")
    }

    @Test("An agent that has not yet found a server refuses each token: it is asked again within seconds")
    func refusedAtBoot() throws {
        var trial = try ConsulTrial()
        let start = trial.now
        trial.judged(.healthy)
        for expected in ["note failed denied, read token", "read token", "read token"] {
            trial.failed(.denied)
            #expect(trial.said == expected && trial.registrar.phase == .denied)
            trial.wake()
            #expect(trial.said == "register s1")
        }
        #expect(trial.now - start < .seconds(8))
        trial.answered()
        #expect(trial.said == "note registered, passing healthy")
    }

    @Test("After a failure it tries again within a third of the TTL, and says so once")
    func failures() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.wake()
        for problem in [ConsulFailure.Problem.timeout, .unreachable, .server, .throttled] {
            trial.failed(problem)
            #expect(trial.said.hasPrefix("note failed") && trial.registrar.phase == .retrying)
            for _ in 0..<20 {
                trial.wake()
                trial.failed(problem)
                let pause = try #require(trial.registrar.wakeAt) - trial.now
                #expect(trial.said == "" && pause <= .seconds(10))
            }
            trial.wake()
        }
        trial.answered()
        #expect(trial.said == "note recovered 84")
    }

    @Test("Draining is critical at once; what was registered ends when draining is over")
    func draining() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.drain()
        #expect(trial.said == "critical draining" && trial.registrar.phase == .draining)
        trial.judged(.healthy)
        #expect(trial.said == "")
        trial.answered()
        #expect(trial.said == "note told critical" && trial.registrar.wakeAt == nil)
        trial.drainEnded()
        #expect(trial.said == "deregister s1")
        trial.answered()
        #expect(trial.said == "note deregistered, end" && trial.registrar.phase == .gone)
    }

    @Test("At the end a service may also stay, as critical or as it is")
    func leavings() throws {
        var trial = try ConsulTrial { $0.leaving = .critical }
        trial.register()
        trial.drain()
        #expect(trial.said == "critical draining")
        trial.failed(.unreachable)
        trial.drainEnded()
        #expect(trial.said == "critical draining")
        trial.answered()
        #expect(trial.said == "note told critical, note recovered 1, end")

        trial = try ConsulTrial { $0.leaving = .keep }
        trial.register()
        trial.drain()
        #expect(trial.said == "end")
    }

    @Test("Another identifier is registered first, and the old one ended after; other parts go over the old")
    func reload() throws {
        var trial = try ConsulTrial()
        trial.register()
        trial.adopt(.init(try ConsulTrial.service()))
        #expect(trial.said == "")
        trial.adopt(.init(try ConsulTrial.service(port: 3001)))
        #expect(trial.said == "register s1")
        trial.answered()
        #expect(trial.said == "passing healthy")
        trial.answered()
        trial.adopt(.init(try ConsulTrial.service("s2")))
        #expect(trial.said == "register s2")
        trial.answered()
        #expect(trial.said == "note registered, passing healthy")
        trial.answered()
        #expect(trial.said == "deregister s1")
        trial.answered()
        #expect(trial.said == "" && trial.registrar.phase == .registered)
    }
}
