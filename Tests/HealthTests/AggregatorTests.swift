import Dispatch
import EventLoop
import Health
import Testing

/// A prober whose probes end when the test says so. It runs on the aggregator's loop, so that after a call on that
/// loop has returned, all that it set off is done.
private actor HeldProber: Prober {
    nonisolated let loop: EventLoop
    private(set) var started: [String] = []
    private(set) var limits: [Duration] = []
    private var waiting: [String: [CheckedContinuation<Outcome, Never>]] = [:]
    private var expected: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func probe(_ url: ProbeURL, within limit: Duration) async -> Outcome {
        await withCheckedContinuation { continuation in
            started.append(url.host)
            limits.append(limit)
            waiting[url.host, default: []].append(continuation)
            if let expected, started.count >= expected.count {
                self.expected = nil
                expected.continuation.resume()
            }
        }
    }

    /// Returns when so many probes have been started in all.
    func untilStarted(_ count: Int) async {
        guard started.count < count else { return }
        await withCheckedContinuation { expected = (count, $0) }
    }

    func end(_ host: String, _ outcome: Outcome) {
        for continuation in waiting.removeValue(forKey: host) ?? [] { continuation.resume(returning: outcome) }
    }
}

/// A clock that the test sets.
private actor TestClock {
    private static let start = ContinuousClock.now
    nonisolated let loop: EventLoop
    private var elapsed: Duration = .zero

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func advance(_ time: Duration) { elapsed += time }

    var now: Moment {
        Moment(
            instant: TestClock.start + elapsed,
            timestamp: Timestamp(milliseconds: 1_000_000 + Int64(elapsed.milliseconds)))
    }
}

/// Collects what the aggregator tells, on its loop.
private actor Transitions {
    nonisolated let loop: EventLoop
    private(set) var all: [Transition] = []

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func add(_ transition: Transition) { all.append(transition) }
}

/// Asks from the aggregator's own loop, which serves in the order of the calls: once `settle` has returned, whoever
/// asked before it has joined a check or begun one.
private actor Asker {
    nonisolated let loop: EventLoop

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func ask(_ aggregator: Aggregator, on selections: [Selection]) -> [Task<Aggregator.Numbered, Never>] {
        selections.map { selection in Task { await aggregator.report(on: selection, maxAge: .zero) } }
    }

    /// A task takes three turns at most to get from its start through the aggregator to the prober.
    func settle() async {
        for _ in 0..<8 { await turn() }
    }

    private func turn() async {
        await withCheckedContinuation { continuation in loop.queue.async { continuation.resume() } }
    }
}

@Suite("The aggregator", .timeLimit(.minutes(5)))
struct AggregatorTests {
    private let loop = EventLoop()
    private let prober: HeldProber
    private let clock: TestClock
    private let transitions: Transitions
    private let aggregator: Aggregator

    init() {
        let (loop, clock, transitions) = (loop, TestClock(on: loop), Transitions(on: loop))
        self.clock = clock
        self.transitions = transitions
        prober = HeldProber(on: loop)
        aggregator = Aggregator(
            on: loop, targets: ["grafana", "loki", "tempo"].map { Self.target($0) }, deadline: .milliseconds(1800),
            prober: prober, clock: { clock.assumeIsolated { $0.now } },
            changed: { transition in transitions.assumeIsolated { $0.add(transition) } })
    }

    private static func target(_ name: String, timeout: Duration = .milliseconds(1500)) -> Target {
        Target(
            name: name, url: ProbeURL(scheme: .http, host: name, target: "/"),
            expectation: Expectation(statuses: .only(200)), timeout: timeout)
    }

    private static let ok = Outcome.success(ProbeResponse(status: 200))
    private static let refused = Outcome.failure(.refused(place: "x"))

    private func endAll(_ outcome: Outcome = ok) async {
        for host in ["grafana", "loki", "tempo"] { await prober.end(host, outcome) }
    }

    @Test("All services are probed at once, and the report waits for all of them")
    func allAtOnce() async {
        async let report = aggregator.report(on: .all, maxAge: .zero).report
        await prober.untilStarted(3)
        await prober.end("tempo", Self.ok)
        await clock.advance(.milliseconds(12))
        await prober.end("grafana", Self.ok)
        await prober.end("loki", Self.refused)
        let found = await report
        #expect(found.services.map(\.name) == ["grafana", "loki", "tempo"])
        #expect(found.services.map(\.status) == [.healthy, .unhealthy, .healthy])
        #expect(found.status == .unhealthy)
        #expect(found.duration == .milliseconds(12))
        #expect(found.checkedAt.milliseconds == 1_000_000)
        #expect(await prober.limits == [.milliseconds(1500), .milliseconds(1500), .milliseconds(1500)])
    }

    @Test("A hundred who ask at once share three probes and one report")
    func singleFlight() async {
        let asker = Asker(on: loop)
        let asked = await asker.ask(aggregator, on: Array(repeating: .all, count: 100))
        await asker.settle()
        await endAll()
        var numbers: Set<Int> = []
        for task in asked { numbers.insert(await task.value.number) }
        #expect(numbers.count == 1)
        #expect(await prober.started.sorted() == ["grafana", "loki", "tempo"])
    }

    @Test("Checks that differ share the probes that they have in common")
    func sharedProbes() async {
        let asker = Asker(on: loop)
        let asked = await asker.ask(aggregator, on: [.all, .only("loki"), .excluding(["grafana"])])
        await asker.settle()
        await prober.end("loki", Self.refused)
        #expect(await asked[1].value.report.services.map(\.name) == ["loki"])
        await endAll()
        #expect(await asked[2].value.report.services.map(\.name) == ["loki", "tempo"])
        #expect(await asked[0].value.report.services.map(\.name) == ["grafana", "loki", "tempo"])
        #expect(await prober.started.count == 3)
    }

    @Test("One service alone is probed and waited for")
    func oneAlone() async {
        async let one = aggregator.report(on: .only("tempo"), maxAge: .zero).report
        await prober.untilStarted(1)
        await prober.end("tempo", Self.ok)
        #expect(await one.services.map(\.name) == ["tempo"])
        #expect(await prober.started == ["tempo"])
    }

    @Test("Nothing left to check is not healthy")
    func nothing() async {
        let report = await aggregator.report(on: .excluding(["grafana", "loki", "tempo"]), maxAge: .zero).report
        #expect(report.status == .unhealthy)
        #expect(report.cause == .nothingChecked)
        #expect(await prober.started.isEmpty)
    }

    @Test("An answer is taken from memory as long as it is young enough, and no longer")
    func memory() async {
        async let first = aggregator.report(on: .all, maxAge: .seconds(1)).number
        await prober.untilStarted(3)
        await clock.advance(.milliseconds(100))
        await endAll()
        let number = await first
        await clock.advance(.milliseconds(900))
        #expect(await aggregator.remembered(.all, maxAge: .seconds(1))?.number == number)
        #expect(await aggregator.report(on: .all, maxAge: .seconds(1)).number == number)
        #expect(await aggregator.remembered(.only("loki"), maxAge: .seconds(1)) == nil)
        #expect(await aggregator.remembered(.all, maxAge: .zero) == nil)
        await clock.advance(.milliseconds(1))
        #expect(await aggregator.remembered(.all, maxAge: .seconds(1)) == nil)
        async let second = aggregator.report(on: .all, maxAge: .seconds(1)).number
        await prober.untilStarted(6)
        await endAll()
        #expect(await second != number)
    }

    @Test("Only so many different reports are remembered")
    func boundedMemory() async {
        for index in 0..<200 {
            async let report = aggregator.report(on: .excluding(["x\(index)"]), maxAge: .seconds(60)).number
            await prober.untilStarted(3 * (index + 1))
            await endAll()
            _ = await report
        }
        var remembered = 0
        for index in 0..<200 where await aggregator.remembered(.excluding(["x\(index)"]), maxAge: .seconds(60)) != nil {
            remembered += 1
        }
        #expect((1...64).contains(remembered))
        #expect(await prober.started.count == 600)
    }

    @Test("A probe longer than the deadline is cut short by it, and says so")
    func deadline() async {
        let aggregator = Aggregator(
            on: loop, targets: [Self.target("slow", timeout: .seconds(5))], deadline: .milliseconds(200),
            prober: prober, clock: { [clock] in clock.assumeIsolated { $0.now } })
        async let report = aggregator.report(on: .all, maxAge: .zero).report
        await prober.untilStarted(1)
        await prober.end("slow", .failure(.timeout(limit: .milliseconds(200), waitingFor: .response)))
        #expect(
            await report.services.first?.observation.verdict
                == .down(.probe(.deadline(limit: .milliseconds(200)))))
        #expect(await prober.limits == [.milliseconds(200)])
    }

    @Test("Every change of a service's status is told once, with how long the one before it lasted")
    func changes() async {
        for (round, outcome) in [Self.ok, Self.ok, Self.refused, Self.refused, Self.ok].enumerated() {
            async let report = aggregator.report(on: .only("loki"), maxAge: .zero).number
            await prober.untilStarted(round + 1)
            await prober.end("loki", outcome)
            _ = await report
            await clock.advance(.seconds(10))
        }
        let told = await transitions.all
        #expect(told.map(\.service.status) == [.healthy, .unhealthy, .healthy])
        #expect(told.map(\.previousLasted) == [nil, .seconds(20), .seconds(20)])
    }

    @Test("What was last known is told without probing, and never as healthy")
    func lastKnown() async {
        #expect(await aggregator.lastKnown(.all, cause: .draining).report.services.isEmpty)
        async let one = aggregator.report(on: .only("loki"), maxAge: .zero).number
        await prober.untilStarted(1)
        await prober.end("loki", Self.ok)
        _ = await one
        let report = await aggregator.lastKnown(.all, cause: .draining).report
        #expect(report.services.map(\.name) == ["loki"])
        #expect(report.status == .unhealthy)
        #expect(await prober.started.count == 1)
    }
}
