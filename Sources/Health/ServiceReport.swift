package import Time

/// The known state of a service, and its status.
package struct ServiceReport: Sendable, Equatable {
    /// The condition of a service, independent of its importance.
    package enum Condition: Sendable, Equatable {
        /// Every instance is healthy.
        case well
        /// Enough instances can be used, but not all are healthy.
        case partly
        /// Too few instances can be used.
        case failed

        /// - Parameter usable: places that are healthy or degraded.
        package init(healthy: Int, of count: Int, usable: Int, required: Int) {
            self = healthy == count ? .well : usable >= required ? .partly : .failed
        }

        func status(isCritical: Bool) -> HealthStatus {
            switch self {
            case .well: .healthy
            case .partly: .degraded
            case .failed: isCritical ? .unhealthy : .degraded
            }
        }
    }

    package let name: String
    /// Whether its failure makes the node unhealthy.
    package private(set) var isCritical: Bool
    package let isGroup: Bool
    /// How many instances must be healthy.
    package let required: Int
    package let notes: ServiceNotes
    /// At least one; in the order of the configuration.
    package let instances: [TargetReport]
    package let condition: Condition
    /// When the present condition was first observed.
    package let since: Timestamp
    /// When it last had enough healthy instances; nil for never.
    package let lastHealthyAt: Timestamp?
    /// For a group: its past checks, with the time of the slowest instance that answered. Otherwise those of its only
    /// target.
    package let recent: RecentChecks

    package init(
        _ service: Service, instances: [TargetReport], since: Timestamp, lastHealthyAt: Timestamp?,
        recentOfGroup: RecentChecks = RecentChecks()
    ) {
        name = service.name
        isCritical = service.isCritical
        isGroup = service.isGroup
        required = service.requiredInstances
        notes = service.notes
        self.instances = instances
        condition = ServiceReport.condition(of: service, instances)
        self.since = since
        self.lastHealthyAt = lastHealthyAt
        recent = service.isGroup ? recentOfGroup : instances.first?.recent ?? RecentChecks()
    }

    /// For a request for this service only: then its failure makes the answer unhealthy.
    func askedAlone() -> ServiceReport {
        var report = self
        report.isCritical = true
        return report
    }

    package var status: HealthStatus {
        condition.status(isCritical: isCritical)
    }

    /// Why it is not healthy.
    package var reason: Reason? {
        guard condition != .well else { return nil }
        guard isGroup, instances.count > 1 else { return instances.first?.reason }
        return .instances(healthy: healthyCount, of: instances.count, required: required)
    }

    /// How many of its instances are healthy.
    package var healthyCount: Int { instances.count { $0.status == .healthy } }

    static func condition(of service: Service, _ instances: [TargetReport]) -> Condition {
        Condition(
            healthy: instances.count { $0.status == .healthy }, of: instances.count,
            usable: service.usablePlaces { instances[$0].isUp }, required: service.required)
    }
}

/// The condition of a service over time, as `History` is for a target.
package struct ServiceHistory: Sendable, Equatable {
    private var condition: ServiceReport.Condition?
    private var since: Moment?
    private(set) var lastHealthyAt: Timestamp?
    /// For a group only; the history of a single target is the target's.
    private(set) var recentOfGroup = RecentChecks()

    package init() {}

    /// Records a check of a group after its instances have been probed.
    mutating func note(_ condition: ServiceReport.Condition, _ instances: [TargetReport], at now: Timestamp) {
        let slowest = instances.compactMap(\.observation.latency).max() ?? .zero
        recentOfGroup.append(startedAt: now, duration: slowest, condition.result)
    }

    package mutating func record(_ next: ServiceReport.Condition, at now: Moment) -> Change {
        if next != .failed { lastHealthyAt = now.timestamp }
        guard next != condition else { return .none }
        let lasted = since.map { now.instant - $0.instant }
        condition = next
        since = now
        return lasted.map(Change.after) ?? .first
    }

    /// When `condition` began, if it is the last recorded one.
    func since(_ condition: ServiceReport.Condition) -> Timestamp? {
        condition == self.condition ? since?.timestamp : nil
    }
}
