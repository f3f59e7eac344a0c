package import Health
package import Time

/// All figures that the metrics show.
package struct Figures: Sendable {
    /// The connections of clients.
    package struct Connections: Sendable {
        package let open: Int
        package let accepted: Int
        /// For each limit, also those that were never reached.
        package let refused: [(reason: String, count: Int)]

        package init(open: Int = 0, accepted: Int = 0, refused: [(reason: String, count: Int)] = []) {
            self.open = open
            self.accepted = accepted
            self.refused = refused
        }
    }

    /// Requests of one route that were answered with one code.
    package struct Requests: Sendable {
        package let route: String
        package let code: Int
        package let count: Int

        package init(route: String, code: Int, count: Int) {
            self.route = route
            self.code = code
            self.count = count
        }
    }

    /// What the system knows of the process.
    package struct Process: Sendable {
        package let cpu: Duration
        package let openDescriptors: Int
        package let maxDescriptors: Int
        package let virtualBytes: Int
        package let residentBytes: Int
        package let startedAt: Timestamp

        package init(
            cpu: Duration, openDescriptors: Int, maxDescriptors: Int, virtualBytes: Int, residentBytes: Int,
            startedAt: Timestamp
        ) {
            self.cpu = cpu
            self.openDescriptors = openDescriptors
            self.maxDescriptors = maxDescriptors
            self.virtualBytes = virtualBytes
            self.residentBytes = residentBytes
            self.startedAt = startedAt
        }
    }

    package let version: String
    package let health: HealthFigures
    /// When the configuration that is in force was loaded.
    package let loadedAt: Timestamp
    package var reloadHasFailed = false
    package var isDraining = false
    /// The node has been taken out of service by a file.
    package var isInMaintenance = false
    package var connections = Connections()
    package var requests: [Requests] = []
    /// nil if the system does not tell.
    package var process: Process?
    package var discovery: [DiscoveryFigures] = []

    package init(version: String, health: HealthFigures, loadedAt: Timestamp) {
        self.version = version
        self.health = health
        self.loadedAt = loadedAt
    }

    var isUp: Bool? { isDraining || isInMaintenance ? false : health.status.map { $0 != .unhealthy } }
}

/// Figures as Prometheus scrapes them: docs/metrics.md.
package enum MetricsReport {
    /// - Parameter detail: a summary has only the verdicts of services, as in the other formats.
    package static func encode(_ figures: Figures, _ format: ExpositionFormat, _ detail: Detail = .full) -> [UInt8] {
        var output = Exposition(format)
        output.write(.up, figures.isUp.map(Exposition.Value.init))
        output.write(.draining, Exposition.Value(figures.isDraining))
        write(figures.health, detail, to: &output)
        write(figures.discovery, detail, to: &output)
        write(figures.connections, to: &output)
        output.write(
            .requests,
            figures.requests.map { (Labels("route", $0.route).and("code", "\($0.code)"), .integer($0.count)) })
        output.write(.lastReloadSuccessful, Exposition.Value(!figures.reloadHasFailed))
        output.write(.lastReloadSuccess, Exposition.Value(figures.loadedAt))
        output.write(.buildInfo, [(Labels("version", figures.version), .integer(1))])
        if let process = figures.process { write(process, to: &output) }
        return output.finish()
    }

    private static func write(_ health: HealthFigures, _ detail: Detail, to output: inout Exposition) {
        let services = health.services.map { (labels: Labels("service", $0.name), figures: $0) }
        let reports = services.compactMap { service in service.figures.report.map { (service.labels, $0) } }
        output.write(.serviceUp, reports.map { ($0, .init($1.status != .unhealthy)) })
        output.write(
            .serviceStatus,
            reports.flatMap { labels, report in
                HealthStatus.allCases.map { (labels.and("status", $0.rawValue), .init($0 == report.status)) }
            })
        output.write(.serviceCritical, services.map { ($0.labels, .init($0.figures.isCritical)) })
        if detail == .full {
            writeDetails(services, reports, to: &output)
        }
        output.write(.checks, .integer(health.checks))
        output.write(.coalescedRequests, .integer(health.coalesced))
        output.write(.reportAge, health.age.map(Exposition.Value.init))
    }

    private static func writeDetails(
        _ services: [(labels: Labels, figures: ServiceFigures)], _ reports: [(Labels, ServiceReport)],
        to output: inout Exposition
    ) {
        output.write(
            .targetUp,
            reports.filter(\.1.isGroup).flatMap { labels, report in
                report.instances.map { (labels.and("target", $0.name), .init($0.isUp)) }
            })
        output.write(.serviceLastStateChange, reports.map { ($0, .init($1.since)) })
        output.write(.serviceStateChanges, services.map { ($0.labels, .integer($0.figures.tally.changes)) })
        output.write(.probeDuration, services.map { ($0.labels, $0.figures.tally.durations) })
        output.write(
            .probeFailures,
            services.flatMap { labels, figures in
                FailureCause.allCases.compactMap { cause in
                    figures.tally.failures[cause].map { (labels.and("cause", cause.rawValue), .integer($0)) }
                }
            })
    }

    /// A summary has no registries, because their names are details.
    private static func write(_ discovery: [DiscoveryFigures], _ detail: Detail, to output: inout Exposition) {
        guard detail == .full else { return }
        let labelled = discovery.map { figures in
            (labels: Labels("provider", figures.provider).and("service", figures.service), figures: figures)
        }
        output.write(.discoveryRegistered, labelled.map { ($0.labels, .init($0.figures.isRegistered)) })
        output.write(
            .discoveryState,
            labelled.flatMap { labels, figures in
                figures.states.map { (labels.and("state", $0), .init($0 == figures.state)) }
            })
        output.write(
            .discoveryStatus,
            labelled.flatMap { labels, figures in
                figures.statuses.map { (labels.and("status", $0), .init($0 == figures.status)) }
            })
        output.write(
            .discoveryRequests,
            labelled.flatMap { labels, figures in
                figures.tally.requests.sorted { $0.key < $1.key }
                    .map { (labels.and("operation", $0.key), .integer($0.value)) }
            })
        output.write(
            .discoveryFailures,
            labelled.flatMap { labels, figures in
                figures.tally.failures.sorted { $0.key < $1.key }
                    .map { (labels.and("cause", $0.key), .integer($0.value)) }
            })
        output.write(
            .discoveryLastSuccess,
            labelled.compactMap { labels, figures in figures.tally.lastSuccessAt.map { (labels, .init($0)) } })
    }

    private static func write(_ connections: Figures.Connections, to output: inout Exposition) {
        output.write(.connectionsOpen, .integer(connections.open))
        output.write(.connectionsAccepted, .integer(connections.accepted))
        output.write(.connectionsRefused, connections.refused.map { (Labels("reason", $0.reason), .integer($0.count)) })
    }

    private static func write(_ process: Figures.Process, to output: inout Exposition) {
        output.write(.cpuSeconds, Exposition.Value(process.cpu))
        output.write(.openDescriptors, .integer(process.openDescriptors))
        output.write(.maxDescriptors, .integer(process.maxDescriptors))
        output.write(.virtualMemory, .integer(process.virtualBytes))
        output.write(.residentMemory, .integer(process.residentBytes))
        output.write(.startTime, Exposition.Value(process.startedAt))
    }
}
