package import Time

/// Keeps the state of the services, and makes checks: the only place that starts probes.
///
/// There are two levels of single flight: requests for the same check share it, and different checks share the probes
/// that they have in common. So a target never has two probes at the same time.
///
/// Results are delivered by callbacks, because a continuation is resumed by way of another thread.
package actor Aggregator {
    private nonisolated let executor: any SerialExecutor
    private let prober: any Prober
    private let clock: @Sendable () -> Moment
    private let changed: @Sendable (Transition) -> Void

    private var plan: Plan
    private var services: [ServiceState]
    private var probes: [Int: (target: TargetState, startedAt: Moment)] = [:]
    private var checks: [Selection: RunningCheck] = [:]
    private var memory = ReportMemory()
    private var lastProbe = 0
    private var clockWatch = ClockWatch()
    /// When the latest check of everything began.
    private var lastCheckedAt: Instant?
    /// When the last check before a standstill began; nil if checks are not stuck.
    private var stuckSince: Instant?
    private var node = NodeHistory()
    /// Something has changed since the last look at the node.
    private var nodeMayHaveChanged = true
    private var checksBegun = 0
    private var coalesced = 0

    /// - Parameters:
    ///   - executor: where all of this runs: the event loop.
    ///   - clock: tells the present time.
    ///   - changed: called for every change, on the executor.
    package init(
        on executor: any SerialExecutor, plan: Plan, prober: any Prober, clock: @escaping @Sendable () -> Moment,
        changed: @escaping @Sendable (Transition) -> Void = { _ in }
    ) {
        self.executor = executor
        self.plan = plan
        self.prober = prober
        self.clock = clock
        self.changed = changed
        services = plan.services.map { ServiceState($0) }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Replaces the plan. The state of targets that stay is kept. Running checks end with the old plan, for their
    /// callers.
    package func replace(_ next: Plan) {
        let old = Dictionary(uniqueKeysWithValues: services.map { ($0.service.name, $0) })
        services = next.services.map { service in
            guard let before = old[service.name] else { return ServiceState(service) }
            return before.service == service ? before : ServiceState(service, after: before)
        }
        plan = next
        checks = [:]
        memory.removeAll()
        lastCheckedAt = nil
        stuckSince = nil
        nodeMayHaveChanged = true
    }

    /// The last report, if it is fresh enough to be given without a check.
    package func known(_ selection: Selection) -> Numbered? {
        switch plan.freshness {
        case .onDemand(let maxAge):
            return memory.report(for: selection, since: clock().instant - maxAge)
        case .background(let staleAfter):
            return memory.lastReport(for: selection, staleBefore: clock().instant - staleAfter)
        }
    }

    /// Checks the selection, or joins a running check. For requests without a fresh report.
    /// - Parameter answer: called on the executor at the end of the check, maybe before this returns.
    package func check(_ selection: Selection, _ answer: @escaping Answer) {
        let checked = isInBackground ? .all : selection
        let shared = checks[checked]
        if shared != nil { coalesced += 1 }
        let check = shared ?? prepare(checked)
        check.waiting.append((selection, answer))
        start(check)
    }

    /// Checks everything, or joins the running check.
    /// - Parameter ended: called on the executor at the end of the check.
    package func check(ended: @escaping Answer = { _ in }) {
        let check = checks[.all] ?? prepare(.all)
        check.waiting.append((.all, ended))
        start(check)
    }

    /// The same as an async function, for callers outside the loop.
    package func report(on selection: Selection) async -> Numbered {
        if let known = known(selection) { return known }
        return await withCheckedContinuation { continuation in
            check(selection) { continuation.resume(returning: $0) }
        }
    }

    /// The last known state as a report that is unhealthy for `cause`. Services that were never probed are left out.
    /// Starts no probe.
    package func lastKnown(_ selection: Selection, cause: Report.Cause, note: String = "") -> Numbered {
        memory.number(
            Report(checkedAt: clock().timestamp, duration: .zero, services: services.compactMap { $0.report })
                .narrowed(to: selection, cause: cause).with(note: note))
    }

    /// The present state and counters. Starts no probe.
    package func figures() -> HealthFigures {
        let services = services.map { ServiceFigures($0.service, report: $0.report, tally: $0.tally) }
        let now = clock()
        return HealthFigures(
            status: status(of: services.compactMap(\.report), at: now), age: lastCheckedAt.map { now.instant - $0 },
            checks: checksBegun, coalesced: coalesced, services: services)
    }

    /// Reports the node's change if the last check is too old.
    /// - Returns: when the last check will be too old; nil if it is already, or if it never will be.
    package func noteAge() -> Instant? {
        guard case .background(let staleAfter) = plan.freshness, let lastCheckedAt else { return nil }
        let now = clock()
        guard isTooOld(lastCheckedAt, at: now) else { return lastCheckedAt + staleAfter + .milliseconds(1) }
        tellOfNode(at: now)
        return nil
    }

    /// nil until every service has been probed.
    private func status(of reports: [ServiceReport], at now: Moment) -> HealthStatus? {
        guard reports.count == services.count else { return nil }
        if let lastCheckedAt, isTooOld(lastCheckedAt, at: now) { return .unhealthy }
        return Report(checkedAt: now.timestamp, duration: .zero, services: reports).status
    }

    private var isInBackground: Bool {
        if case .background = plan.freshness { true } else { false }
    }

    // MARK: A check

    private func prepare(_ selection: Selection) -> RunningCheck {
        checksBegun += 1
        let now = clock()
        if let step = clockWatch.step(at: now) {
            for service in services { service.moveTimes(by: step) }
            probes = probes.mapValues { ($0.target, $0.startedAt.moved(by: step)) }
        }
        let check = RunningCheck(
            selection, services.filter { selection.includes($0.service.name) }, startedAt: now)
        checks[selection] = check
        return check
    }

    /// Starts the missing probes, and ends a check without any.
    private func start(_ check: RunningCheck) {
        guard check.missing == 0 else { return }
        let now = check.startedAt.instant
        let targets = check.services.flatMap(\.targets).filter { $0.checks != nil || $0.isDue(at: now) }
        guard !targets.isEmpty else { return finish(check) }
        check.missing = targets.count
        var idle: [TargetState] = []
        for target in targets {
            if target.checks == nil { idle.append(target) }
            target.checks = target.checks ?? []
            target.checks?.append(check)
        }
        // A probe may end before the call returns, so count all probes first.
        for target in idle { probe(target) }
    }

    private func probe(_ target: TargetState) {
        lastProbe += 1
        let number = lastProbe
        let limit = ProbeLimit(timeout: target.target.timeout, deadline: plan.deadline)
        probes[number] = (target, clock())
        prober.probe(target.target, within: limit) { [self] outcome in
            assumeIsolated { $0.ended(number, outcome) }
        }
    }

    private func ended(_ number: Int, _ outcome: Outcome) {
        guard let (state, startedAt) = probes.removeValue(forKey: number) else { return }
        let duration = clock().instant - startedAt.instant
        let observation = Observation(
            startedAt: startedAt, duration: duration, httpStatus: outcome.status,
            verdict: state.target.judge(outcome.verdict, after: duration))
        let change = state.history.record(observation, threshold: state.target.threshold)
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

    /// Reports the change of a target, and of its service if none of its probes is running.
    private func tell(_ state: TargetState, _ change: Change, of service: ServiceState, at moment: Moment) {
        if service.service.isGroup, change != .none, let report = state.report {
            changed(.instance(report, of: service.service.name, previousLasted: change.previousLasted))
        }
        guard service.targets.allSatisfy({ $0.checks == nil }), let instances = service.instances else { return }
        let condition = ServiceReport.condition(of: service.service, instances)
        service.tally.record(condition.status(isCritical: service.service.isCritical))
        if service.service.isGroup { service.history.note(condition, instances, at: moment.timestamp) }
        let change = service.history.record(condition, at: moment)
        guard change != .none, let report = service.report else { return }
        nodeMayHaveChanged = true
        changed(.service(report, previousLasted: change.previousLasted))
    }

    private func tellOfNode(at now: Moment) {
        let reports = services.compactMap(\.report)
        guard reports.count == services.count else { return }
        let isStale = lastCheckedAt.map { isTooOld($0, at: now) } ?? false
        nodeMayHaveChanged = isStale
        let report = Report(
            checkedAt: now.timestamp, duration: .zero, cause: isStale ? .stale : nil, services: reports)
        let change = node.record(report, at: now.instant)
        if change != .none { changed(.node(report, previousLasted: change.previousLasted)) }
    }

    /// While probes are running, a service with instances may be between two conditions.
    private var isIdle: Bool {
        services.allSatisfy { $0.targets.allSatisfy { $0.checks == nil } }
    }

    /// Ends a check of everything.
    private func noteEnd(of check: RunningCheck, at now: Moment) {
        if let last = lastCheckedAt, isTooOld(last, at: now) { stuckSince = stuckSince ?? last }
        lastCheckedAt = check.startedAt.instant
        guard let since = stuckSince, !isTooOld(check.startedAt.instant, at: now) else { return }
        stuckSince = nil
        nodeMayHaveChanged = true
        changed(.resumed(after: now.instant - since))
    }

    private func isTooOld(_ checkedAt: Instant, at now: Moment) -> Bool {
        guard case .background(let staleAfter) = plan.freshness else { return false }
        return now.instant - checkedAt > staleAfter
    }

    private func finish(_ check: RunningCheck) {
        let now = clock()
        let numbered = memory.number(
            Report(
                checkedAt: check.startedAt.timestamp, duration: now.instant - check.startedAt.instant,
                services: check.services.compactMap { $0.report }
            ).narrowed(to: check.selection))
        // A check that began before `replace` is only for its callers, and is not kept.
        if checks[check.selection] === check {
            checks[check.selection] = nil
            if check.selection == .all { noteEnd(of: check, at: now) }
            if isInBackground { memory.removeAll() }
            if plan.freshness.allowsMemory {
                memory.remember(numbered, for: check.selection, startedAt: check.startedAt.instant)
            }
        }
        if nodeMayHaveChanged, isIdle { tellOfNode(at: now) }
        var answers = [check.selection: numbered]
        for (selection, answer) in check.waiting {
            let report = answers[selection] ?? memory.number(numbered.report.narrowed(to: selection))
            answers[selection] = report
            answer(report)
        }
    }
}

extension Change {
    fileprivate var previousLasted: Duration? {
        if case .after(let duration) = self { duration } else { nil }
    }
}
