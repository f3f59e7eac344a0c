/// The present state and counters, for metrics. Reading them starts no probe.
package struct HealthFigures: Sendable {
    /// The status of the node; nil until all services have been probed.
    package let status: HealthStatus?
    /// The age of the check with the latest report on everything; nil before the first report.
    package let age: Duration?
    /// Checks begun.
    package let checks: Int
    /// Requests that joined a running check.
    package let coalesced: Int
    /// In the order of the configuration.
    package let services: [ServiceFigures]

    package init(status: HealthStatus?, age: Duration?, checks: Int, coalesced: Int, services: [ServiceFigures]) {
        self.status = status
        self.age = age
        self.checks = checks
        self.coalesced = coalesced
        self.services = services
    }
}

package struct ServiceFigures: Sendable {
    package let name: String
    package let isCritical: Bool
    /// nil until all of its targets have been probed.
    package let report: ServiceReport?
    package let tally: ServiceTally

    package init(_ service: Service, report: ServiceReport?, tally: ServiceTally) {
        name = service.name
        isCritical = service.isCritical
        self.report = report
        self.tally = tally
    }
}
