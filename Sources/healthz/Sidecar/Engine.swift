import ArgumentParser
import Configuration
import CurlClient
import EventLoop
import Health
import Probing
import Time

/// What finds out whether the services are healthy: the prober, the aggregator over it, and the checks that go on by
/// themselves where the configuration asks for them.
actor Engine {
    static let userAgent = "healthz/\(Healthz.version)"

    nonisolated let aggregator: Aggregator
    private nonisolated let loop: EventLoop
    private let client: CurlClient
    private let prober: TargetProber
    private let checked: @Sendable (Report) -> Void
    /// nil where checks are made on demand.
    private var pace: Pace?
    /// What the first check is for.
    private let targets: [Target]
    private var timer: LoopTimer?
    /// Fires when the last check becomes too old.
    private var staleness: LoopTimer?
    private var due: Instant?
    /// Tells the present series of checks from those before a reload.
    private var series = 0

    /// - Parameters:
    ///   - changed: told of every change, on the loop.
    ///   - checked: given the report of each check that goes on by itself, on the loop.
    init(
        _ configuration: Configuration, on loop: EventLoop,
        changed: @escaping @Sendable (Transition) -> Void = { _ in },
        checked: @escaping @Sendable (Report) -> Void = { _ in }
    ) {
        self.checked = checked
        self.loop = loop
        client = CurlClient(on: loop, userAgent: Engine.userAgent)
        prober = TargetProber(on: loop, client: client)
        aggregator = Aggregator(
            on: loop, plan: configuration.plan, prober: prober, clock: { .now }, changed: changed)
        pace = configuration.background?.pace
        targets = configuration.services.flatMap(\.targets)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Must be called once, before the first check.
    func start() async throws {
        do {
            try await client.start()
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode.system
        }
        prober.prepare(for: targets)
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        staleness = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.noteAge() } }
        beginSeries()
    }

    /// From now on, this is what is checked.
    func adopt(_ configuration: Configuration) {
        aggregator.assumeIsolated { $0.replace(configuration.plan) }
        let targets = configuration.services.flatMap(\.targets)
        prober.forget(but: targets)
        prober.prepare(for: targets)
        pace = configuration.background?.pace
        beginSeries()
    }

    /// No more checks begin by themselves.
    func rest() {
        pace = nil
        beginSeries()
    }

    private func beginSeries() {
        series += 1
        due = nil
        if pace != nil { check() }
    }

    private func timeHasPassed() {
        guard let due else { return }
        let now = Instant.now
        guard due <= now else { return timer?.wake(by: due) ?? () }
        self.due = nil
        check()
    }

    /// The next check begins an interval after this one, or when this one has ended: whichever is later. One that never
    /// ends is the last, and its report goes stale.
    private func check() {
        let (startedAt, series) = (Instant.now, series)
        aggregator.assumeIsolated { aggregator in
            aggregator.check { [weak self] numbered in
                self?.assumeIsolated { $0.checkHasEnded(series, numbered.report, startedAt: startedAt) }
            }
        }
    }

    private func checkHasEnded(_ series: Int, _ report: Report, startedAt: Instant) {
        guard series == self.series, let pace else { return }
        noteAge()
        checked(report)
        // A value with an address: the thread sanitizer cannot follow a reference to an empty one.
        var random: any RandomNumberGenerator = SystemRandomNumberGenerator()
        let next = pace.next(after: startedAt, using: &random)
        due = next
        timer?.wake(by: next)
    }

    private func noteAge() {
        guard pace != nil, let next = aggregator.assumeIsolated({ $0.noteAge() }) else { return }
        staleness?.wake(by: next)
    }
}

extension Configuration {
    fileprivate var plan: Aggregator.Plan {
        Aggregator.Plan(
            services: services, deadline: deadline,
            freshness: background.map { .background(staleAfter: $0.staleAfter) } ?? .onDemand(maxAge: cache))
    }
}
