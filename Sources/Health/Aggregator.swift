/// Keeps what is known of the targets, and finds out anew when asked: the one place where probes are started.
///
/// Two levels of single flight: whoever asks for a check that is in the air shares it, and checks that differ share
/// the probes that they have in common. So however many ask, a target never gets a second probe while one is out.
package actor Aggregator {
    /// A report, with a number that differs from every other report's: whoever encodes it need do so only once.
    package struct Numbered: Sendable {
        package let number: Int
        package let report: Report
    }

    /// A check in the air. Not awaited as a task: whoever waits for a task's value is resumed by way of another thread.
    private final class Check {
        let startedAt: Moment
        var missing: Int
        var services: [String: ServiceReport] = [:]
        var waiting: [CheckedContinuation<Numbered, Never>] = []

        init(startedAt: Moment, missing: Int) {
            self.startedAt = startedAt
            self.missing = missing
        }
    }

    private struct Remembered {
        let numbered: Numbered
        let startedAt: ContinuousClock.Instant
    }

    /// Clients can ask for any set of exclusions: more different reports than this are not remembered.
    private static let rememberedReports = 64

    package nonisolated let targets: [Target]
    private nonisolated let executor: any SerialExecutor
    private let deadline: Duration
    private let prober: any Prober
    private let clock: @Sendable () -> Moment
    private let changed: @Sendable (Transition) -> Void

    private var histories: [String: History] = [:]
    /// The probes in the air, by their targets' names, with the checks that wait for each.
    private var probes: [String: [Selection]] = [:]
    private var checks: [Selection: Check] = [:]
    private var memory: [Selection: Remembered] = [:]
    private var lastNumber = 0

    /// - Parameters:
    ///   - executor: where all of this runs.
    ///   - deadline: for a whole check; a probe whose own timeout is longer is cut short by it.
    ///   - clock: now.
    ///   - changed: told of every change of a service's status, on the executor.
    package init(
        on executor: any SerialExecutor, targets: [Target], deadline: Duration, prober: any Prober,
        clock: @escaping @Sendable () -> Moment, changed: @escaping @Sendable (Transition) -> Void = { _ in }
    ) {
        self.executor = executor
        self.targets = targets
        self.deadline = deadline
        self.prober = prober
        self.clock = clock
        self.changed = changed
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The report in memory, where its check began no longer than `maxAge` ago. Waits for nothing.
    package func remembered(_ selection: Selection, maxAge: Duration) -> Numbered? {
        guard maxAge > .zero, let found = memory[selection] else { return nil }
        return clock().instant - found.startedAt <= maxAge ? found.numbered : nil
    }

    /// The report in memory if it is young enough, else that of the check in the air, else that of a new one.
    package func report(on selection: Selection, maxAge: Duration) async -> Numbered {
        if let remembered = remembered(selection, maxAge: maxAge) { return remembered }
        let check = checks[selection] ?? begin(selection)
        if check.missing == 0 { return finish(selection, check) }
        return await withCheckedContinuation { check.waiting.append($0) }
    }

    /// What was last known, without probing, called unhealthy for `cause`. Services never probed are not in it.
    package func lastKnown(_ selection: Selection, cause: Report.Cause) -> Numbered {
        let services = targets(in: selection).compactMap { histories[$0.name]?.report }
        return number(Report(checkedAt: clock().timestamp, duration: .zero, cause: cause, services: services))
    }

    private func begin(_ selection: Selection) -> Check {
        let targets = targets(in: selection)
        let check = Check(startedAt: clock(), missing: targets.count)
        if !targets.isEmpty { checks[selection] = check }
        for target in targets {
            if probes[target.name] == nil { Task { await observe(target) } }
            probes[target.name, default: []].append(selection)
        }
        return check
    }

    private func finish(_ selection: Selection, _ check: Check) -> Numbered {
        let services = targets(in: selection).compactMap { check.services[$0.name] }
        let report = Report(
            checkedAt: check.startedAt.timestamp, duration: clock().instant - check.startedAt.instant,
            cause: services.isEmpty ? .nothingChecked : nil, services: services)
        let numbered = number(report)
        checks[selection] = nil
        if memory.count >= Aggregator.rememberedReports, memory[selection] == nil { memory.removeAll() }
        memory[selection] = Remembered(numbered: numbered, startedAt: check.startedAt.instant)
        return numbered
    }

    private func observe(_ target: Target) async {
        let startedAt = clock()
        let outcome = await prober.probe(target.url, within: min(target.timeout, deadline))
        let observation = Observation(
            startedAt: startedAt, duration: clock().instant - startedAt.instant,
            httpStatus: try? outcome.get().status,
            verdict: target.expectation.judge(blamingDeadline(outcome, of: target)))

        let (report, transition) = histories[target.name, default: History()].record(observation, of: target)
        if let transition { changed(transition) }
        for selection in probes.removeValue(forKey: target.name) ?? [] { hand(report, to: selection) }
    }

    private func hand(_ report: ServiceReport, to selection: Selection) {
        guard let check = checks[selection] else { return }
        check.services[report.name] = report
        check.missing -= 1
        guard check.missing == 0 else { return }
        let numbered = finish(selection, check)
        for continuation in check.waiting { continuation.resume(returning: numbered) }
    }

    /// A probe that ran out of time before its own timeout was cut short by the check's deadline.
    private func blamingDeadline(_ outcome: Outcome, of target: Target) -> Outcome {
        guard deadline < target.timeout else { return outcome }
        return switch outcome {
        case .failure(.timeout), .failure(.connectTimeout): .failure(.deadline(limit: deadline))
        default: outcome
        }
    }

    private func targets(in selection: Selection) -> [Target] {
        targets.filter { selection.includes($0.name) }
    }

    private func number(_ report: Report) -> Numbered {
        lastNumber += 1
        return Numbered(number: lastNumber, report: report)
    }
}
