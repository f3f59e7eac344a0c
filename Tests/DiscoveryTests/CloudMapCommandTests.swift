import TestSupport
import Testing
import Time

@testable import Discovery

/// A command and the registry that it runs against.
private struct Run {
    private(set) var command: CloudMapCommand
    var registry = PretendedCloudMap()
    private(set) var now = Then.start.instant
    private(set) var calls: [(call: CloudMapCall, at: Instant)] = []
    private(set) var steps: [CommandStep] = []
    private(set) var exit: CommandExit?
    /// Fails what comes next, instead of the registry's answer.
    var failures: [CloudMapFailure.Problem] = []

    init(
        _ kind: CloudMapCommand.Kind = .register, seed: UInt64 = 1, stack: String = "green",
        _ change: (inout CloudMapCommand.Settings) -> Void = { _ in }
    ) throws {
        var settings = CloudMapCommand.Settings(kind, try CloudMapTrial.registration(stack: stack))
        change(&settings)
        command = CloudMapCommand(settings, at: now, random: Numbers(seed: seed))
        registry.pageSize = 100
    }

    /// - Parameter answer: nil for a registry that never answers.
    mutating func go(_ answer: ((CloudMapCall, inout Run) -> Result<CloudMapAnswer, CloudMapFailure>?)? = nil) {
        take(command.begin(at: now), answer)
        for _ in 0..<100_000 where exit == nil {
            guard let wake = command.wakeAt else { return }
            now = max(now, wake)
            take(command.timePassed(at: now), answer)
        }
    }

    private mutating func take(
        _ actions: [CloudMapCommand.Action],
        _ answer: ((CloudMapCall, inout Run) -> Result<CloudMapAnswer, CloudMapFailure>?)?
    ) {
        var actions = actions[...]
        while let action = actions.popFirst() {
            switch action {
            case .step(let step): steps.append(step)
            case .finish(let exit): self.exit = exit
            case .call(let call):
                calls.append((call, now))
                now = now + .milliseconds(5)
                guard let result = answer.map({ $0(call, &self) }) ?? .some(reply(call)) else { continue }
                switch result {
                case .success(let answer): actions += command.answered(answer, at: now)
                case .failure(let failure): actions += command.failed(failure, at: now)
                }
            }
        }
    }

    mutating func reply(_ call: CloudMapCall) -> Result<CloudMapAnswer, CloudMapFailure> {
        if failures.isEmpty { return registry.answer(call) }
        return .failure(CloudMapFailure(failures.removeFirst(), of: call.operation, detail: "words"))
    }

    var operations: [CloudMapOperation] { calls.map(\.call.operation) }
    var stacks: [String?] { registry.entries.values.map(\.stackID) }

    mutating func add(_ count: Int, stack: String?) {
        for index in 0..<count { registry.add(CloudMapTrial.entry("\(stack ?? "x")-\(index)", stack: stack)) }
    }
}

@Suite("To register and to deregister, as commands")
struct CloudMapCommandTests {
    @Test("A node is registered, and when that is done, the other stack is swept")
    func register() throws {
        var run = try Run()
        run.add(2, stack: "blue")
        run.add(1, stack: nil)
        run.registry.pollsNeeded = 2
        run.go()
        #expect(run.exit == .done)
        #expect(Set(run.registry.entries.keys) == ["i-1", "x-0"])
        #expect(run.registry.entries["i-1"]?.attributes["AWS_INSTANCE_IPV4"] == "10.0.0.7")
        #expect(run.registry.entries["i-1"]?.stackID == "green")
        #expect(
            run.operations.prefix(5) == [
                .registerInstance, .getOperation, .getOperation, .getOperation, .listInstances,
            ])
        #expect(run.steps.contains(.swept(instance: "blue-0")) && run.steps.contains(.swept(instance: "blue-1")))
    }

    @Test("All pages are read, and all of 250 others swept, after a pause and another look, five a second at most")
    func many() throws {
        var run = try Run { ($0.sweep.minimum, $0.limit) = (.count(1), .seconds(300)) }
        run.add(250, stack: "blue")
        run.go()
        #expect(run.exit == .done && run.registry.entries.count == 1)
        let sweeps = run.calls.filter { $0.call.operation == .deregisterInstance }.map(\.at)
        #expect(sweeps.count == 250)
        for (first, second) in zip(sweeps, sweeps.dropFirst()) { #expect(second - first >= .milliseconds(200)) }
        #expect(run.operations.prefix { $0 != .deregisterInstance }.count { $0 == .listInstances } == 6)
        #expect(run.steps.contains { if case .pausing(let pause) = $0 { pause <= .seconds(10) } else { false } })
    }

    @Test("What another node has swept during the pause is not swept again")
    func twoNodes() throws {
        var run = try Run { $0.sweep.minimum = .count(1) }
        run.add(30, stack: "blue")
        var lists = 0
        run.go { call, run in
            if call.operation == .listInstances {
                lists += 1
                if lists == 2 { for index in 0..<29 { run.registry.remove("blue-\(index)") } }
            }
            return run.reply(call)
        }
        #expect(run.exit == .done && run.operations.count { $0 == .deregisterInstance } == 1)
    }

    @Test("What somebody else takes out at the same time is no failure")
    func alreadyGone() throws {
        for problem in [
            CloudMapFailure.Problem.instanceNotFound, .duplicate(operation: "x"), .duplicate(operation: nil),
        ] {
            var run = try Run()
            run.add(2, stack: "blue")
            run.go { call, run in
                guard case .deregisterInstance(_, "blue-0") = call else { return run.reply(call) }
                run.registry.remove("blue-0")
                return .failure(CloudMapFailure(problem, of: .deregisterInstance, detail: "words"))
            }
            #expect(run.exit == .done && run.registry.entries.keys.sorted() == ["i-1"])
            #expect(run.steps.contains(.alreadyGone(instance: "blue-0")))
        }
    }

    @Test("Without a stack, with too few of the own, or switched off, nothing is swept, and the end is good")
    func guards() throws {
        let rows: [(String, Int, (inout CloudMapCommand.Settings) -> Void, SweepPlan)] = [
            ("", 3, { _ in }, .noStack), ("green", 3, { _ in }, .tooFew(own: 1, needed: 2, others: 3)),
            ("green", 3, { $0.sweep.isOn = false }, .off), ("green", 0, { _ in }, .nothing),
        ]
        for (stack, others, change, plan) in rows {
            var run = try Run(stack: stack, change)
            run.add(others, stack: "blue")
            run.go()
            #expect(run.exit == .done && !run.operations.contains(.deregisterInstance))
            #expect(run.steps.last == .planned(plan) && run.registry.entries["i-1"] != nil)
        }
    }

    @Test("The own instance under another stack is updated, and stays")
    func ownUnderAnother() throws {
        var run = try Run()
        run.registry.add(CloudMapTrial.entry("i-1", stack: "blue"))
        run.go()
        #expect(run.exit == .done && run.registry.entries["i-1"]?.stackID == "green")
    }

    @Test("A dry run reads only, and says what it would do")
    func dryRun() throws {
        var run = try Run { $0.isDryRun = true }
        run.add(2, stack: "blue")
        run.go()
        #expect(run.exit == .done && run.operations == [.listInstances])
        #expect(
            run.steps == [
                .wouldRegister(instance: "i-1"), .wouldSweep(instance: "blue-0"), .wouldSweep(instance: "blue-1"),
            ])
        run = try Run(.deregister) { $0.isDryRun = true }
        run.go()
        #expect(run.exit == .done && run.calls.isEmpty && run.steps == [.wouldDeregister(instance: "i-1")])
    }

    @Test("Throttled six times, it comes through, after pauses that grow and differ from run to run")
    func throttled() throws {
        var pauses: [[Duration]] = []
        for seed in 1...2 {
            var run = try Run(seed: UInt64(seed))
            run.failures = Array(repeating: .throttled, count: 6)
            run.go()
            #expect(run.exit == .done)
            let tries = run.calls.filter { $0.call.operation == .registerInstance }
            #expect(Set(tries.map(\.call)).count == 1 && tries.count == 7)
            pauses.append(zip(tries, tries.dropFirst()).map { $1.at - $0.at })
        }
        #expect(pauses[0] != pauses[1])
        for index in 0..<6 { #expect(pauses[0][index] <= .milliseconds(500) * (1 << index) + .milliseconds(5)) }
        #expect(pauses[0].max() ?? .zero > .seconds(1))
    }

    @Test("What is not allowed ends at once, and the operation is named")
    func denied() throws {
        var run = try Run()
        run.failures = [.denied]
        run.go()
        #expect(run.exit == .denied && run.calls.count == 1)
        #expect(run.steps.last.map { "\($0)" } == "RegisterInstance: words")
    }

    @Test("What Cloud Map does not take ends at once as a mistake of the configuration")
    func invalid() throws {
        for problem in [CloudMapFailure.Problem.invalid, .serviceNotFound] {
            var run = try Run()
            run.failures = [problem]
            run.go()
            #expect(run.exit == .configuration && run.calls.count == 1)
        }
    }

    @Test("An operation that failed is told, and nothing is swept")
    func failedOperation() throws {
        var run = try Run()
        run.add(1, stack: "blue")
        run.registry.failsWith = "ACCESS_DENIED"
        run.go()
        #expect(run.exit == .unavailable && !run.operations.contains(.deregisterInstance))
        #expect(run.steps.last.map { "\($0)".contains("ACCESS_DENIED as told") } == true)
    }

    @Test("Where Cloud Map never answers, the end comes in time")
    func silent() throws {
        var run = try Run { $0.limit = .seconds(7) }
        run.go { _, _ in nil }
        #expect(run.exit == .unavailable && run.now - Then.start.instant == .seconds(7))
        #expect(run.steps.last == .outOfTime(limit: .seconds(7)))
        run = try Run { $0.limit = .seconds(7) }
        run.failures = Array(repeating: .unreachable, count: 1_000)
        run.go()
        #expect(run.exit == .unavailable && run.now - Then.start.instant < .seconds(8))
    }

    @Test("Another operation on the own instance is waited for")
    func duplicate() throws {
        var run = try Run()
        run.failures = [.duplicate(operation: "op-0")]
        var polls = 0
        run.go { call, run in
            guard case .getOperation("op-0") = call else { return run.reply(call) }
            polls += 1
            return .success(.operation(polls < 3 ? .underway : .succeeded))
        }
        #expect(run.exit == .done && polls == 3 && run.registry.entries["i-1"] != nil)
        #expect(run.steps.contains(.waiting(operation: "op-0")))
    }

    @Test("In a service without custom health it registers without an initial health")
    func noCustomHealth() throws {
        var run = try Run()
        run.go { call, run in
            guard case .registerInstance(_, .some, _) = call else { return run.reply(call) }
            let detail = "InvalidInput: AWS_INIT_HEALTH_STATUS"
            return .failure(CloudMapFailure(.invalid, of: .registerInstance, detail: detail))
        }
        #expect(run.exit == .done && run.steps.contains(.noCustomHealth))
        #expect(run.registry.entries["i-1"]?.attributes["AWS_INIT_HEALTH_STATUS"] == nil)
    }

    @Test("What was swept and stays in the list is told")
    func left() throws {
        var run = try Run()
        run.add(1, stack: "blue")
        run.registry.pollsNeeded = 0
        run.go { call, run in
            // To deregister begins, and never comes to its end.
            if case .deregisterInstance = call { return .success(.begun(operation: "op-x")) }
            return run.reply(call)
        }
        #expect(run.exit == .unavailable && run.steps.last == .left(["blue-0"]))
    }

    @Test("To deregister waits for its end, and is done where there is nothing")
    func deregister() throws {
        var run = try Run(.deregister)
        run.registry.add(CloudMapTrial.entry())
        run.registry.pollsNeeded = 1
        run.go()
        #expect(run.exit == .done && run.registry.entries.isEmpty && run.steps == [.deregistered])
        run = try Run(.deregister)
        run.go()
        #expect(run.exit == .done && run.steps == [.notThere])
    }
}
