import Health

extension Sequence {
    /// As people want to read it: the unhealthy, then the degraded, each in their order otherwise.
    func sickFirst(by status: (Element) -> HealthStatus) -> [Element] {
        [HealthStatus.unhealthy, .degraded, .healthy].flatMap { wanted in filter { status($0) == wanted } }
    }
}
