package import Health

/// A report in one line, for people and for the simplest of scripts.
package enum TextReport {
    /// `Healthy!`, or `Unhealthy: loki (refused), tempo (timeout)`.
    package static func encode(_ report: Report) -> String {
        guard report.status == .unhealthy else { return "Healthy!\n" }
        if let cause = report.cause { return "Unhealthy: \(cause.rawValue)\n" }
        let services = report.services.compactMap { service -> String? in
            guard case .down(let reason) = service.observation.verdict else { return nil }
            return "\(service.name) (\(reason.code))"
        }
        return "Unhealthy: \(services.joined(separator: ", "))\n"
    }
}
