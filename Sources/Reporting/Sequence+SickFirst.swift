import Health

extension Sequence {
    /// In order of urgency: unhealthy, then degraded, then healthy; otherwise in the given order.
    func sickFirst(by status: (Element) -> HealthStatus) -> [Element] {
        [HealthStatus.unhealthy, .degraded, .healthy].flatMap { wanted in filter { status($0) == wanted } }
    }
}
