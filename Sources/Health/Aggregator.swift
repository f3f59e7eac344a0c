package import Time

/// Keeps what is known of the services, and finds out anew when asked: the one place where probes are started.
///
/// Two levels of single flight: whoever asks for a check that is in the air shares it, and checks that differ share
/// the probes that they have in common. So however many ask, a target never gets a second probe while one is out.
///
/// Whoever asks is called back, and does not await: a continuation is resumed by way of another thread.
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
    /// When the check began that the latest report on everything comes from.
    private var lastCheckedAt: Instant?
    /// When the check began that the last report came from before checks were stuck; nil if they are not.
    private var stuckSince: Instant?
    private var node = NodeHistory()
    /// Something has changed since the node was last looked at.
    private var nodeMayHaveChanged = true
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
        services = plan.services.map { ServiceState($0) }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// From now on, this is what is checked. What is known of targets that stay is kept; checks in the air end as they
    /// were begun, for those who wait for them.
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

    /// The report at hand, if it may be given without probing.
    package func known(_ selection: Selection) -> Numbered? {
        switch plan.freshness {
        case .onDemand(let maxAge):
            guard maxAge > .zero else { return nil }
            return memory.report(for: selection, since: clock().instant - maxAge)
        case .background(let staleAfter):
            return memory.lastReport(for: selection, staleBefore: clock().instant - staleAfter)
        }
    }

    /// Checks the selection, or shares a check in the air. For those for whom there is nothing known.
    /// - Parameter answer: called on the executor when the check has ended, maybe before this returns.
    package func check(_ selection: Selection, _ answer: @escaping Answer) {
        let checked = isInBackground ? .all : selection
        let shared = checks[checked]
        if shared != nil { coalesced += 1 }
        let check = shared ?? prepare(checked)
        check.waiting.append((selection, answer))
        start(check)
    }

    /// Checks everything, or shares the check that is in the air.
    /// - Parameter ended: called on the executor when the check has ended.
    package func check(ended: @escaping Answer = { _ in }) {
        let check = checks[.all] ?? prepare(.all)
        check.waiting.append((.all, ended))
        start(check)
    }

    /// The report, for those who have nothing else to do.
    package func report(on selection: Selection) async -> Numbered {
        if let known = known(selection) { return known }
        return await withCheckedContinuation { continuation in
            check(selection) { continuation.resume(returning: $0) }
        }
    }

    /// What was last known, without probing, called unhealthy for `cause`. Services never probed are not in it.
    package func lastKnown(_ selection: Selection, cause: Report.Cause, note: String = "") -> Numbered {
        memory.number(
            Report(checkedAt: clock().timestamp, duration: .zero, services: services.compactMap { $0.report })
                .narrowed(to: selection, cause: cause).with(note: note))
    }

    /// What is known and counted now: nothing is probed for it.
    package func figures() -> HealthFigures {
        let services = services.map { ServiceFigures($0.service, report: $0.report, tally: $0.tally) }
        let now = clock()
        return HealthFigures(
            status: status(of: services.compactMap(\.report), at: now), age: lastCheckedAt.map { now.instant - $0 },
            checks: checksBegun, coalesced: coalesced, services: services)
    }

    /// Tells of the node if the last check is too old.
    /// - Returns: when that will be so; nil if it is, or if it cannot be.
    package func noteAge() -> Instant? {
        guard case .background(let staleAfter) = plan.freshness, let lastCheckedAt else { return nil }
        let now = clock()
        guard isTooOld(lastCheckedAt, at: now) else { return lastCheckedAt + staleAfter + .milliseconds(1) }
        tellOfNode(at: now)
        return nil
    }

    /// nil where not every service has been probed.
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
        }
        let check = RunningCheck(
            selection, services.filter { selection.includes($0.service.name) }, startedAt: now)
        checks[selection] = check
        return check
    }

    /// Begins what is not begun, and ends what has nothing to wait for.
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
        // A probe may end before the call returns: by then all must be counted.
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

    /// Tells of a target that has changed, and of its service, once none of its probes is in the air any more.
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

    /// A check of everything has ended.
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
        // One that was begun before the plan was replaced is for those who wait for it, and not for later.
        if checks[check.selection] === check {
            checks[check.selection] = nil
            if check.selection == .all { noteEnd(of: check, at: now) }
            if isInBackground { memory.removeAll() }
            memory.remember(numbered, for: check.selection, startedAt: check.startedAt.instant)
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
