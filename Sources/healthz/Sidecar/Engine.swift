import ArgumentParser
import Configuration
import CurlClient
import EventLoop
import Health
import Probing
import Time

/// Checks the services: the prober, the aggregator, and the timer for checks at an interval.
actor Engine {
    static let userAgent = "healthz/\(Healthz.version)"

    nonisolated let aggregator: Aggregator
    private nonisolated let loop: EventLoop
    private let client: CurlClient
    private let prober: TargetProber
    private let checked: @Sendable (Report) -> Void
    /// nil if checks are made on demand.
    private var pace: Pace?
    /// The targets of the first configuration, whose probes need threads.
    private let targets: [Target]
    private var timer: LoopTimer?
    /// Fires when the last check becomes too old.
    private var staleness: LoopTimer?
    private var due: Instant?
    /// Distinguishes the checks since the last reload from earlier ones.
    private var series = 0

    /// - Parameters:
    ///   - changed: called for each change, on the loop.
    ///   - checked: called with the report of each check at an interval, on the loop.
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
            Terminal.printError("\(error)")
            throw ExitCode.system
        }
        prober.prepare(for: targets)
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        staleness = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.noteAge() } }
        beginSeries()
    }

    /// Uses this configuration from now on.
    func adopt(_ configuration: Configuration) {
        aggregator.assumeIsolated { $0.replace(configuration.plan) }
        let targets = configuration.services.flatMap(\.targets)
        prober.forget(but: targets)
        prober.prepare(for: targets)
        pace = configuration.background?.pace
        beginSeries()
    }

    /// Starts no further check at an interval.
    func stopChecking() {
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

    /// The next check begins an interval after this one began, or at its end, whichever is later. If a check never
    /// ends, no other follows, and its report becomes stale.
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
        // A class with a stored property: the thread sanitizer cannot follow a reference to an empty one.
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
