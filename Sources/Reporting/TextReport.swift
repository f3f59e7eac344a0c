package import Health

/// A report in one line, for people and for the simplest of scripts.
package enum TextReport {
    /// `Healthy!`, `Degraded: exporter (refused)`, or `Unhealthy: loki (refused), tempo (timeout)`.
    package static func encode(_ report: Report, _ detail: Detail = .full) -> String {
        if let cause = report.cause { return "Unhealthy: \(cause.rawValue)\n" }
        let degraded = list(report, .degraded, detail)
        switch report.status {
        case .healthy: return "Healthy!\n"
        case .degraded: return "Degraded: \(degraded)\n"
        case .unhealthy:
            let rest = degraded.isEmpty ? "" : "; degraded: \(degraded)"
            return "Unhealthy: \(list(report, .unhealthy, detail))\(rest)\n"
        }
    }

    private static func list(_ report: Report, _ status: HealthStatus, _ detail: Detail) -> String {
        report.services.filter { $0.status == status }.map { service in
            guard detail == .full, let reason = service.reason else { return service.name }
            return "\(service.name) (\(reason.code))"
        }
        .joined(separator: ", ")
    }
}
