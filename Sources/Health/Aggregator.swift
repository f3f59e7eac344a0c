package import Time

/// Keeps what is known of the services, and finds out anew when asked: the one place where probes are started.
///
/// Two levels of single flight: whoever asks for a check that is in the air shares it, and checks that differ share
/// the probes that they have in common. So however many ask, a target never gets a second probe while one is out.
///
/// Whoever asks is called back, and does not await: a continuation is resumed by way of another thread.
package actor Aggregator {
    /// What is checked, and how answers come about.
    package struct Plan: Sendable {
        /// In the order in which they are shown.
        package let services: [Service]
        /// For a whole check; a probe whose own timeout is longer is cut short by it.
        package let deadline: Duration
        package let freshness: Freshness

        package init(services: [Service], deadline: Duration, freshness: Freshness) {
            self.services = services
            self.deadline = deadline
            self.freshness = freshness
        }
    }

    package enum Freshness: Sendable, Equatable {
        /// A request makes a check, unless one began no longer than `maxAge` ago; zero: always.
        case onDemand(maxAge: Duration)
        /// Somebody calls `check` again and again, and requests are answered from memory; what began longer than
        /// `staleAfter` ago is unhealthy.
        case background(staleAfter: Duration)
    }

    /// A report, with a number that differs from every other report's: whoever encodes it need do so only once.
    package struct Numbered: Sendable {
        package let number: Int
        package let report: Report
    }

    package typealias Answer = @Sendable (Numbered) -> Void

    private final class TargetState {
        let name: String
        let target: Target
        weak var service: ServiceState?
        var history = History()
        /// The checks that wait for the probe that is in the air; nil where there is none.
        var checks: [Check]?

        init(_ instance: Service.Instance) {
            name = instance.name
            target = instance.target
        }
    }

    private final class ServiceState {
        let service: Service
        let targets: [TargetState]
        var history = ServiceHistory()
        var tally = ServiceTally()

        init(_ service: Service, targets: [TargetState]) {
            self.service = service
            self.targets = targets
            for target in targets { target.service = self }
        }
    }

    /// A check in the air.
    private final class Check {
        let selection: Selection
        let services: [ServiceState]
        let startedAt: Moment
        var missing = 0
        var waiting: [(Selection, Answer)] = []

        init(_ selection: Selection, _ services: [ServiceState], startedAt: Moment) {
            self.selection = selection
            self.services = services
            self.startedAt = startedAt
        }
    }

    private struct Remembered {
        let numbered: Numbered
        let startedAt: Instant
        var isStale = false
    }

    /// Clients can ask for any set of exclusions: more different reports than this are not remembered.
    private static let rememberedReports = 64

    private nonisolated let executor: any SerialExecutor
    private let prober: any Prober
    private let clock: @Sendable () -> Moment
    private let changed: @Sendable (Transition) -> Void

    private var plan: Plan
    private var services: [ServiceState]
    private var probes: [Int: (target: TargetState, startedAt: Moment, limit: Duration)] = [:]
    private var checks: [Selection: Check] = [:]
    private var memory: [Selection: Remembered] = [:]
    private var lastNumber = 0
    private var lastProbe = 0
    /// When the check began that the latest report on everything comes from.
    private var lastCheckedAt: Instant?
    private var checksBegun = 0
    private var coalesced = 0

    /// - Parameters:
    ///   - executor: where all of this runs: the event loop.
    ///   - clock: now.
    ///   - changed: told of every change, on the executor.
    package init(
        on executor: any SerialExecutor, plan: Plan, prober: any Prober, clock: @escaping @Sendable () -> Moment,
        changed: @escaping @Sendable (Transition) -> Void = { _ in }
    ) {
        self.executor = executor
        self.plan = plan
        self.prober = prober
        self.clock = clock
        self.changed = changed
        services = plan.services.map { ServiceState($0, targets: $0.instances.map(TargetState.init)) }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// From now on, this is what is checked. What is known of targets that stay is kept; checks in the air end as they
    /// were begun, for those who wait for them.
    package func replace(_ next: Plan) {
        let old = Dictionary(uniqueKeysWithValues: services.map { ($0.service.name, $0) })
        services = next.services.map { Aggregator.state(of: $0, after: old[$0.name]) }
        plan = next
        checks = [:]
        memory = [:]
        lastCheckedAt = nil
    }

    /// The report at hand, if it may be given without probing.
    package func known(_ selection: Selection) -> Numbered? {
        switch plan.freshness {
        case .onDemand(let maxAge):
            guard maxAge > .zero, let found = memory[selection] else { return nil }
            return clock().instant - found.startedAt <= maxAge ? found.numbered : nil
        case .background(let staleAfter):
            guard let last = memory[.all] else { return nil }
            let isStale = clock().instant - last.startedAt > staleAfter
            return fromLastCheck(selection, last, isStale: isStale)
        }
    }

    /// Answers with the report at hand, else with that of the check in the air, else with that of a new one.
    package func ask(_ selection: Selection, _ answer: @escaping Answer) {
        if let known = known(selection) { return answer(known) }
        let checked = isInBackground ? .all : selection
        let shared = checks[checked]
        if shared != nil { coalesced += 1 }
        let check = shared ?? prepare(checked)
        check.waiting.append((selection, answer))
        start(check)
    }

    /// Checks everything, or shares the check that is in the air.
    /// - Parameter ended: called on the executor when the check has ended.
    package func check(ended: @escaping @Sendable () -> Void = {}) {
        let check = checks[.all] ?? prepare(.all)
        check.waiting.append((.all, { _ in ended() }))
        start(check)
    }

    /// The report, for those who have nothing else to do.
    package func report(on selection: Selection) async -> Numbered {
        await withCheckedContinuation { continuation in ask(selection) { continuation.resume(returning: $0) } }
    }

    /// What was last known, without probing, called unhealthy for `cause`. Services never probed are not in it.
    package func lastKnown(_ selection: Selection, cause: Report.Cause) -> Numbered {
        number(
            Report(checkedAt: clock().timestamp, duration: .zero, services: services.compactMap { report($0) })
                .narrowed(to: selection, cause: cause))
    }

    /// What is known and counted now: nothing is probed for it.
    package func figures() -> HealthFigures {
        let services = services.map { ServiceFigures($0.service, report: report($0), tally: $0.tally) }
        let now = clock()
        return HealthFigures(
            status: status(of: services.compactMap(\.report), at: now), age: lastCheckedAt.map { now.instant - $0 },
            checks: checksBegun, coalesced: coalesced, services: services)
    }

    /// nil where not every service has been probed.
    private func status(of reports: [ServiceReport], at now: Moment) -> HealthStatus? {
        guard reports.count == services.count else { return nil }
        if case .background(let staleAfter) = plan.freshness, let lastCheckedAt,
            now.instant - lastCheckedAt > staleAfter
        {
            return .unhealthy
        }
        return Report(checkedAt: now.timestamp, duration: .zero, services: reports).status
    }

    private var isInBackground: Bool {
        if case .background = plan.freshness { true } else { false }
    }

    private static func state(of service: Service, after old: ServiceState?) -> ServiceState {
        guard let old else { return ServiceState(service, targets: service.instances.map(TargetState.init)) }
        if old.service == service { return old }
        let targets = service.instances.map { instance in
            let before = old.targets.first { $0.target.isSamePlace(as: instance.target) }
            if let before, before.target == instance.target, before.name == instance.name { return before }
            let target = TargetState(instance)
            if let before { target.history = before.history }
            return target
        }
        let state = ServiceState(service, targets: targets)
        state.tally = old.tally
        if targets.allSatisfy({ $0.history.known != nil }) { state.history = old.history }
        return state
    }

    // MARK: A check

    private func prepare(_ selection: Selection) -> Check {
        checksBegun += 1
        let check = Check(selection, services.filter { selection.includes($0.service.name) }, startedAt: clock())
        checks[selection] = check
        return check
    }

    /// Begins what is not begun, and ends what has nothing to wait for.
    private func start(_ check: Check) {
        guard check.missing == 0 else { return }
        let targets = check.services.flatMap(\.targets)
        guard !targets.isEmpty else { return finish(check) }
        check.missing = targets.count
        var idle: [TargetState] = []
        for target in targets {
            if target.checks == nil { idle.append(target) }
            target.checks = target.checks ?? []
            target.checks?.append(check)
        }
        // A probe may end before the call returns: by then all must be counted.
        for target in idle { probe(target) }
    }

    private func probe(_ target: TargetState) {
        lastProbe += 1
        let number = lastProbe
        let limit = min(target.target.timeout, plan.deadline)
        probes[number] = (target, clock(), limit)
        prober.probe(target.target, within: limit) { [self] outcome in
            assumeIsolated { $0.ended(number, outcome) }
        }
    }

    private func ended(_ number: Int, _ outcome: Outcome) {
        guard let (state, startedAt, limit) = probes.removeValue(forKey: number) else { return }
        let target = state.target
        let observation = Observation(
            startedAt: startedAt, duration: clock().instant - startedAt.instant,
            httpStatus: (try? outcome.get())?.status,
            verdict: target.expectation.judge(Aggregator.blamingDeadline(outcome, limit, of: target)))
        let change = state.history.record(observation, threshold: target.threshold)
        let waiting = state.checks ?? []
        state.checks = nil
        if let service = state.service {
            service.tally.record(observation)
            tell(state, change, of: service, at: startedAt)
        }
        for check in waiting {
            check.missing -= 1
            if check.missing == 0 { finish(check) }
        }
    }

    /// Tells of a target that has changed, and of its service, once none of its probes is in the air any more.
    private func tell(_ state: TargetState, _ change: Change, of service: ServiceState, at moment: Moment) {
        if service.service.isGroup, change != .none, let known = state.history.known {
            let report = TargetReport(name: state.name, target: state.target, known: known)
            changed(.instance(report, of: service.service.name, previousLasted: change.previousLasted))
        }
        guard service.targets.allSatisfy({ $0.checks == nil }), let instances = instances(service) else { return }
        let condition = ServiceReport.condition(of: service.service, instances)
        service.tally.record(condition.status(isCritical: service.service.isCritical))
        if service.service.isGroup { service.history.note(condition, instances, at: moment.timestamp) }
        let change = service.history.record(condition, at: moment)
        guard change != .none, let report = report(service) else { return }
        changed(.service(report, previousLasted: change.previousLasted))
    }

    private func finish(_ check: Check) {
        let numbered = number(
            Report(
                checkedAt: check.startedAt.timestamp, duration: clock().instant - check.startedAt.instant,
                services: check.services.compactMap { report($0) }
            ).narrowed(to: check.selection))
        // One that was begun before the plan was replaced is for those who wait for it, and not for later.
        if checks[check.selection] === check {
            checks[check.selection] = nil
            if check.selection == .all { lastCheckedAt = check.startedAt.instant }
            if isInBackground { memory = [:] }
            remember(check.selection, Remembered(numbered: numbered, startedAt: check.startedAt.instant))
        }
        var answers = [check.selection: numbered]
        for (selection, answer) in check.waiting {
            let report = answers[selection] ?? number(numbered.report.narrowed(to: selection))
            answers[selection] = report
            answer(report)
        }
    }

    /// A probe that ran out of time before its own timeout was cut short by the check's deadline.
    private static func blamingDeadline(_ outcome: Outcome, _ limit: Duration, of target: Target) -> Outcome {
        guard limit < target.timeout else { return outcome }
        return switch outcome {
        case .failure(.timeout), .failure(.connectTimeout): .failure(.deadline(limit: limit))
        default: outcome
        }
    }

    // MARK: Reports

    private func fromLastCheck(_ selection: Selection, _ last: Remembered, isStale: Bool) -> Numbered {
        if let found = memory[selection], found.isStale == isStale { return found.numbered }
        let report = last.numbered.report.narrowed(to: selection, cause: isStale ? .stale : nil)
        let found = Remembered(numbered: number(report), startedAt: last.startedAt, isStale: isStale)
        remember(selection, found)
        return found.numbered
    }

    private func remember(_ selection: Selection, _ report: Remembered) {
        if memory.count >= Aggregator.rememberedReports, memory[selection] == nil {
            // In the background, everything comes from the report on everything.
            memory = isInBackground ? memory.filter { $0.key == .all } : [:]
        }
        memory[selection] = report
    }

    private func number(_ report: Report) -> Numbered {
        lastNumber += 1
        return Numbered(number: lastNumber, report: report)
    }

    /// nil where not all of its targets have been probed.
    private func report(_ state: ServiceState) -> ServiceReport? {
        guard let instances = instances(state) else { return nil }
        let condition = ServiceReport.condition(of: state.service, instances)
        let latest = instances.map(\.observation.startedAt.timestamp).max()
        guard let since = state.history.since(condition) ?? latest else { return nil }
        return ServiceReport(
            state.service, instances: instances, since: since, lastHealthyAt: state.history.lastHealthyAt,
            recentOfGroup: state.history.recentOfGroup)
    }

    private func instances(_ state: ServiceState) -> [TargetReport]? {
        let reports = state.targets.compactMap { target in
            target.history.known.map { TargetReport(name: target.name, target: target.target, known: $0) }
        }
        return reports.count == state.targets.count ? reports : nil
    }
}

extension Change {
    fileprivate var previousLasted: Duration? {
        if case .after(let duration) = self { duration } else { nil }
    }
}
