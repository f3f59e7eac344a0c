import Health
import Testing
import Time

@testable import Discovery

/// Every event in every state of the registrar for Cloud Map.
@Suite("The registrar for Cloud Map, each event in each state")
struct CloudMapRegistrarTableTests {
    enum State: String, CaseIterable {
        case waiting, inspecting, registering, operating, registered, telling, looking, listing, superseded, retrying,
            denied, leaving, ending, gone
    }

    enum Event: String, CaseIterable {
        case healthy, unhealthy, early, wake, answer, stranger, notFound, timeout, denial, keys, sameReload,
            otherReload,
            drain
    }

    private static func trial(in state: State) throws -> CloudMapTrial {
        var trial = try CloudMapTrial()
        switch state {
        case .waiting:
            trial.judged(.unhealthy)
            trial.failed(.instanceNotFound)
        case .inspecting: trial.judged(.unhealthy)
        case .registering: trial.judged(.healthy)
        case .operating:
            trial.judged(.healthy)
            trial.answered(.begun(operation: "op"))
        case .registered: trial.register()
        case .telling:
            trial.register()
            trial.judged(.unhealthy)
        case .looking:
            trial.register()
            trial.wake()
        case .listing, .superseded:
            trial.register()
            trial.wake()
            trial.failed(.instanceNotFound)
            if state == .superseded { trial.answered(.instances([CloudMapTrial.entry("b", stack: "blue")], next: nil)) }
        case .retrying:
            trial.judged(.healthy)
            trial.failed(.throttled)
        case .denied:
            trial.judged(.healthy)
            trial.failed(.denied)
        case .leaving, .ending, .gone:
            trial.register()
            trial.drain()
            if state != .leaving { trial.answered(.begun(operation: "end")) }
            if state == .gone { trial.registrar.end() }
        }
        return trial
    }

    /// What fits the call that is out in that state.
    private static func answer(in state: State) -> CloudMapAnswer {
        switch state {
        case .registering, .leaving: .begun(operation: "op")
        case .telling: .healthUpdated
        case .inspecting, .looking: .instance(CloudMapTrial.entry())
        default: .instances([], next: nil)
        }
    }

    private static func apply(_ event: Event, in state: State) throws -> CloudMapTrial {
        var trial = try trial(in: state)
        switch event {
        case .healthy: trial.judged(.healthy)
        case .unhealthy: trial.judged(.unhealthy)
        case .early: trial.wait(.nanoseconds(1))
        case .wake:
            if trial.registrar.wakeAt == nil { trial.wait(.seconds(3_600)) } else { trial.wake() }
        case .answer: trial.answered(answer(in: state))
        case .stranger: trial.answered(.operation(.succeeded))
        case .notFound: trial.failed(.instanceNotFound)
        case .timeout: trial.failed(.timeout)
        case .denial: trial.failed(.denied)
        case .keys: trial.keysChanged()
        case .sameReload: trial.adopt(.init(try CloudMapTrial.registration()))
        case .otherReload: trial.adopt(.init(try CloudMapTrial.registration("i-2")))
        case .drain: trial.drain()
        }
        return trial
    }

    /// What is said, and where the registrar is then. Each event that is not here is answered with nothing, and changes
    /// nothing.
    private static let table: [State: [Event: (said: String, phase: RegistrarPhase)]] = [
        .waiting: [
            .healthy: ("RegisterInstance i-1 HEALTHY", .registering), .otherReload: ("GetInstance i-2", .waiting),
            .drain: ("end", .gone),
        ],
        .inspecting: [
            .healthy: ("", .registering), .answer: ("Update i-1 UNHEALTHY", .registered),
            .stranger: ("note failed server", .retrying), .timeout: ("note failed timeout", .retrying),
            .denial: ("note failed denied", .denied), .drain: ("", .draining),
        ],
        .registering: [
            .stranger: ("note failed server", .retrying), .notFound: ("note failed not_found", .retrying),
            .timeout: ("note failed timeout", .retrying), .denial: ("note failed denied", .denied),
            .drain: ("", .draining),
        ],
        .operating: [.wake: ("GetOperation op", .registering), .drain: ("GetOperation op", .draining)],
        .registered: [
            .unhealthy: ("Update i-1 UNHEALTHY", .registered), .wake: ("GetInstance i-1", .registered),
            .otherReload: ("RegisterInstance i-2 HEALTHY", .registering),
            .drain: ("DeregisterInstance i-1", .draining),
        ],
        .telling: [
            .answer: ("note told(\"UNHEALTHY\")", .registered), .stranger: ("note failed server", .retrying),
            .notFound: ("note lost, ListInstances -", .looking), .timeout: ("note failed timeout", .retrying),
            .denial: ("note failed denied", .denied), .otherReload: ("", .registering), .drain: ("", .draining),
        ],
        .looking: [
            .answer: ("Update i-1 HEALTHY", .registered), .stranger: ("note failed server", .retrying),
            .notFound: ("note lost, ListInstances -", .looking), .timeout: ("note failed timeout", .retrying),
            .denial: ("note failed denied", .denied), .otherReload: ("", .registering), .drain: ("", .draining),
        ],
        .listing: [
            .answer: ("RegisterInstance i-1 HEALTHY", .registering), .stranger: ("note failed server", .retrying),
            .notFound: ("note failed not_found", .retrying), .timeout: ("note failed timeout", .retrying),
            .denial: ("note failed denied", .denied), .otherReload: ("", .registering), .drain: ("", .draining),
        ],
        .superseded: [
            .sameReload: ("RegisterInstance i-1 HEALTHY", .registering),
            .otherReload: ("RegisterInstance i-2 HEALTHY", .registering), .drain: ("end", .gone),
        ],
        .retrying: [
            .wake: ("RegisterInstance i-1 HEALTHY", .registering),
            .otherReload: ("RegisterInstance i-2 HEALTHY", .registering),
            .drain: ("DeregisterInstance i-1", .draining),
        ],
        .denied: [
            .wake: ("RegisterInstance i-1 HEALTHY", .registering),
            .keys: ("RegisterInstance i-1 HEALTHY", .registering),
            .sameReload: ("RegisterInstance i-1 HEALTHY", .registering),
            .otherReload: ("RegisterInstance i-2 HEALTHY", .registering),
            .drain: ("DeregisterInstance i-1", .draining),
        ],
        .leaving: [
            .stranger: ("note failed server", .draining), .notFound: ("note deregistered, end", .gone),
            .timeout: ("note failed timeout", .draining), .denial: ("note failed denied, end", .gone),
        ],
        .ending: [.wake: ("GetOperation end", .draining)],
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

    @Test("Each state is the phase that it is meant to be")
    func phases() throws {
        let phases: [State: RegistrarPhase] = [
            .waiting: .waiting, .inspecting: .waiting, .registering: .registering, .operating: .registering,
            .registered: .registered, .telling: .registered, .looking: .registered, .listing: .looking,
            .superseded: .superseded, .retrying: .retrying, .denied: .denied, .leaving: .draining, .ending: .draining,
            .gone: .gone,
        ]
        for (state, phase) in phases { #expect(try Self.trial(in: state).registrar.phase == phase) }
    }

    @Test("A registration underway is let to its end, and then ended")
    func drainingWhileRegistering() throws {
        var trial = try Self.trial(in: .registering)
        trial.drain()
        trial.answered(.begun(operation: "op"))
        trial.wake()
        #expect(trial.said == "GetOperation op")
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note registered, DeregisterInstance i-1")
        trial.answered(.begun(operation: "end"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note deregistered, end" && trial.registrar.phase == .gone)
        #expect(!trial.registrar.isRegistered && trial.registrar.wakeAt == nil)
    }

    @Test("At the end a node may also stay, as unhealthy or as it is")
    func leavings() throws {
        var trial = try CloudMapTrial { $0.leaving = .unhealthy }
        trial.register()
        trial.drain()
        #expect(trial.said == "Update i-1 UNHEALTHY")
        trial.answered(.healthUpdated)
        #expect(trial.said == "note told(\"UNHEALTHY\"), end")

        trial = try CloudMapTrial { $0.leaving = .keep }
        trial.register()
        trial.drain()
        #expect(trial.said == "end" && trial.registrar.phase == .gone)

        trial = try CloudMapTrial { $0.leaving = .unhealthy }
        trial.register()
        trial.judged(.unhealthy)
        trial.answered(.healthUpdated)
        trial.drain()
        #expect(trial.said == "end")
    }

    @Test("A changed identity is registered first, and the old one ended after")
    func otherIdentity() throws {
        var trial = try Self.trial(in: .registered)
        trial.adopt(.init(try CloudMapTrial.registration("i-2")))
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "note registered, Update i-2 HEALTHY")
        trial.answered(.healthUpdated)
        #expect(trial.said == "DeregisterInstance i-1")
        trial.answered(.begun(operation: "end"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        #expect(trial.said == "" && trial.registrar.phase == .registered)
    }

    @Test("Other attributes of the same identity are registered over the old ones")
    func otherAttributes() throws {
        var trial = try Self.trial(in: .registered)
        trial.adopt(.init(try CloudMapTrial.registration(address: "10.0.0.8")))
        #expect(trial.said == "RegisterInstance i-1 HEALTHY" && trial.registrar.isRegistered)
        trial.answered(.begun(operation: "op"))
        trial.wake()
        trial.answered(.operation(.succeeded))
        trial.answered(.healthUpdated)
        #expect(trial.said == "" && trial.registrar.phase == .registered)
    }

    @Test("What comes of a call for the identity before does not matter")
    func outdated() throws {
        for state in [State.registering, .telling, .listing, .looking, .inspecting] {
            var trial = try Self.trial(in: state)
            trial.adopt(.init(try CloudMapTrial.registration("i-2")))
            trial.failed(.denied)
            #expect(trial.said.hasPrefix(state == .inspecting ? "GetInstance i-2" : "RegisterInstance i-2"))
        }
    }
}
