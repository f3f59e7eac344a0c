import Health
import Testing
import Time

@testable import Discovery

/// Every event in every state of the registrar for Consul.
@Suite("The registrar for Consul, each event in each state")
struct ConsulRegistrarTableTests {
    enum State: String, CaseIterable {
        case waiting, asking, registering, registered, telling, retrying, denied, draining, drained, leaving, gone
    }

    enum Event: String, CaseIterable {
        case healthy, unhealthy, early, wake, done, unknown, timeout, denial, token, sameReload, otherReload, drain,
            drainEnd
    }

    private static func trial(in state: State) throws -> ConsulTrial {
        var trial = try ConsulTrial()
        switch state {
        case .waiting:
            trial.judged(.unhealthy)
            trial.failed(.unknown)
        case .asking: trial.judged(.unhealthy)
        case .registering: trial.judged(.healthy)
        case .registered: trial.register()
        case .telling:
            trial.register()
            trial.judged(.unhealthy)
        case .retrying:
            trial.judged(.healthy)
            trial.failed(.throttled)
        case .denied:
            trial.judged(.healthy)
            trial.failed(.denied)
        case .draining, .drained, .leaving, .gone:
            trial.register()
            trial.drain()
            if state != .draining { trial.answered() }
            if state == .leaving || state == .gone { trial.drainEnded() }
            if state == .gone { trial.registrar.end() }
        }
        return trial
    }

    private static func apply(_ event: Event, in state: State) throws -> ConsulTrial {
        var trial = try trial(in: state)
        switch event {
        case .healthy: trial.judged(.healthy)
        case .unhealthy: trial.judged(.unhealthy)
        case .early: trial.wait(.nanoseconds(1))
        case .wake: if trial.registrar.wakeAt == nil { trial.wait(.seconds(3_600)) } else { trial.wake() }
        case .done: trial.answered()
        case .unknown: trial.failed(.unknown)
        case .timeout: trial.failed(.timeout)
        case .denial: trial.failed(.denied)
        case .token: trial.tokenChanged()
        case .sameReload: trial.adopt(.init(try ConsulTrial.service()))
        case .otherReload: trial.adopt(.init(try ConsulTrial.service("s2")))
        case .drain: trial.drain()
        case .drainEnd: trial.drainEnded()
        }
        return trial
    }

    /// What is said, and where the registrar is then. Each event that is not here is answered with nothing, and changes
    /// nothing.
    private static let table: [State: [Event: (said: String, phase: RegistrarPhase)]] = [
        .waiting: [
            .healthy: ("register s1", .registering), .otherReload: ("critical unhealthy", .waiting),
            .drain: ("", .draining),
        ],
        .asking: [
            .healthy: ("", .registering), .done: ("note told critical, register s1", .registered),
            .timeout: ("note failed timeout", .retrying), .denial: ("note failed denied, read token", .denied),
            .drain: ("", .draining),
        ],
        .registering: [
            .done: ("note registered, passing healthy", .registered),
            .unknown: ("note failed not_found", .retrying), .timeout: ("note failed timeout", .retrying),
            .denial: ("note failed denied, read token", .denied), .drain: ("", .draining),
        ],
        .registered: [
            .unhealthy: ("critical unhealthy", .registered), .wake: ("passing healthy", .registered),
            .token: ("register s1", .registered), .otherReload: ("register s2", .registering),
            .drain: ("critical draining", .draining),
        ],
        .telling: [
            .done: ("note told critical", .registered), .unknown: ("note lost, register s1", .registering),
            .timeout: ("note failed timeout", .retrying), .denial: ("note failed denied, read token", .denied),
            .otherReload: ("", .registering), .drain: ("", .draining),
        ],
        .retrying: [
            .wake: ("register s1", .registering), .token: ("register s1", .registering),
            .otherReload: ("register s2", .registering), .drain: ("critical draining", .draining),
        ],
        .denied: [
            .wake: ("register s1", .registering), .token: ("register s1", .registering),
            .sameReload: ("register s1", .registering), .otherReload: ("register s2", .registering),
            .drain: ("critical draining", .draining),
        ],
        .draining: [
            .done: ("note told critical", .draining), .unknown: ("note lost", .draining),
            .timeout: ("note failed timeout", .draining), .denial: ("note failed denied, read token", .draining),
        ],
        .drained: [.drainEnd: ("deregister s1", .draining)],
        .leaving: [
            .done: ("note deregistered, end", .gone), .unknown: ("note failed not_found", .draining),
            .timeout: ("note failed timeout", .draining), .denial: ("note failed denied, read token, end", .gone),
        ],
        .gone: [:],
    ]

    @Test("Each event has one outcome in each state", arguments: State.allCases, Event.allCases)
    func outcomes(state: State, event: Event) throws {
        let before = try Self.trial(in: state).registrar.phase
        let trial = try Self.apply(event, in: state)
        let expected = Self.table[state]?[event] ?? ("", before)
        #expect(trial.said == expected.said && trial.registrar.phase == expected.phase)
        #expect(trial.actions.count { if case .call = $0 { true } else { false } } <= 1)
    }
}
