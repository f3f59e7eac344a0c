import Time

/// The state of a target, and the checks that wait for its probe. Not Sendable: the aggregator owns it.
final class TargetState {
    let name: String
    let target: Target
    weak var service: ServiceState?
    var history = History()
    /// The checks that wait for the running probe; nil if no probe is running.
    var checks: [RunningCheck]?

    init(_ instance: Service.Instance) {
        name = instance.name
        target = instance.target
    }

    /// Whether a check must probe the target. With an interval of its own, the last result may still count. The pace
    /// of checks varies by a tenth.
    func isDue(at now: Instant) -> Bool {
        guard let interval = target.interval, let last = history.known?.observation.startedAt.instant else {
            return true
        }
        return now - last >= interval * 0.9
    }

    /// nil before the first probe.
    var report: TargetReport? {
        history.known.map { TargetReport(name: name, target: target, known: $0) }
    }
}

/// The state of a service. Not Sendable: the aggregator owns it.
final class ServiceState {
    let service: Service
    let targets: [TargetState]
    var history = ServiceHistory()
    var tally = ServiceTally()

    init(_ service: Service) {
        self.service = service
        targets = service.instances.map(TargetState.init)
        for target in targets { target.service = self }
    }

    /// - Parameter old: the state of the service with this name in the former plan: the state of targets that stay is
    ///   kept.
    init(_ service: Service, after old: ServiceState) {
        self.service = service
        targets = service.instances.map { ServiceState.state(of: $0, among: old.targets) }
        tally = old.tally
        if targets.allSatisfy({ $0.history.known != nil }) { history = old.history }
        for target in targets { target.service = self }
    }

    private static func state(of instance: Service.Instance, among old: [TargetState]) -> TargetState {
        let before =
            old.first { $0.target.isSamePlace(as: instance.target) }
            ?? old.first { instance.target.isRenewal(of: $0.target) }
        if let before, before.target == instance.target, before.name == instance.name { return before }
        let target = TargetState(instance)
        if let before { target.history = before.history }
        return target
    }

    /// nil until all targets have been probed.
    var report: ServiceReport? {
        guard let instances else { return nil }
        let condition = ServiceReport.condition(of: service, instances)
        let latest = instances.map(\.observation.startedAt.timestamp).max()
        guard let since = history.since(condition) ?? latest else { return nil }
        return ServiceReport(
            service, instances: instances, since: since, lastHealthyAt: history.lastHealthyAt,
            recentOfGroup: history.recentOfGroup)
    }

    /// The same of its targets.
    var instances: [TargetReport]? {
        let reports = targets.compactMap(\.report)
        return reports.count == targets.count ? reports : nil
    }
}

/// A running check. Not Sendable: the aggregator owns it.
final class RunningCheck {
    let selection: Selection
    let services: [ServiceState]
    let startedAt: Moment
    /// The targets whose probes are running.
    var missing = 0
    var waiting: [(Selection, Aggregator.Answer)] = []

    init(_ selection: Selection, _ services: [ServiceState], startedAt: Moment) {
        self.selection = selection
        self.services = services
        self.startedAt = startedAt
    }
}
