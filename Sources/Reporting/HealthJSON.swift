package import Health
import Time

/// A report as `application/health+json` (draft-inadarei-api-health-check-06).
package enum HealthJSON {
    package static let mediaType = "application/health+json"

    /// Each check is on one line: one for a target; for a group, one for each instance, under one key.
    /// - Parameters:
    ///   - version: of the program.
    ///   - discovery: the state of service discovery.
    ///   - warnings: about the request, such as the name of an unknown service.
    package static func encode(
        _ report: Report, _ detail: Detail = .full, version: String, discovery: [DiscoveryFigures] = [],
        warnings: [String] = []
    ) -> String {
        JSONWriter.object(expanded: 3) { object in
            object.member("status", word(report.status))
            object.member("releaseId", version)
            object.member("description", "health of a node, by healthz")
            if !warnings.isEmpty { object.member("notes", warnings) }
            if let cause = report.cause, let message = report.message(withNote: detail == .full) {
                object.member("output", "\(cause.rawValue): \(message)")
            }
            object.object("checks") { checks in
                for service in report.services {
                    checks.array("\(service.name):\(measurement)") { write(service, report, detail, to: &$0) }
                }
                for provider in providers(of: discovery) {
                    checks.array("\(provider):registration") { array in
                        for figures in discovery where figures.provider == provider {
                            array.object { write(figures, report, detail, to: &$0) }
                        }
                    }
                }
            }
        } + "\n"
    }

    /// One of the measurements of the draft (§4.1).
    private static let measurement = "responseTime"

    /// Each provider once, in order.
    private static func providers(of discovery: [DiscoveryFigures]) -> [String] {
        discovery.map(\.provider).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func write(
        _ figures: DiscoveryFigures, _ report: Report, _ detail: Detail, to object: inout JSONWriter
    ) {
        if detail == .full {
            object.member("componentId", figures.instance ?? figures.service)
        }
        object.member("componentType", "system")
        object.member("status", word(figures.isRegistered && figures.cause == nil ? .healthy : .degraded))
        object.member("time", report.checkedAt.rfc3339)
        if detail == .full, !figures.isRegistered || figures.cause != nil {
            object.member("output", figures.state + (figures.cause.map { ": \($0)" } ?? ""))
        }
    }

    private static func word(_ status: HealthStatus) -> String {
        switch status {
        case .healthy: "pass"
        case .degraded: "warn"
        case .unhealthy: "fail"
        }
    }

    private static func write(
        _ service: ServiceReport, _ report: Report, _ detail: Detail, to array: inout JSONWriter
    ) {
        guard detail == .full else {
            // The verdict and its time. For a group, without the number of instances.
            return array.object { object in
                object.member("componentType", "component")
                object.member("status", word(service.status))
                object.member("time", report.checkedAt.rfc3339)
            }
        }
        for target in service.instances { array.object { write(target, in: service, to: &$0) } }
    }

    private static func line(_ reason: Reason) -> String { "\(reason.code): \(reason.description)" }

    private static func write(_ target: TargetReport, in service: ServiceReport, to object: inout JSONWriter) {
        let observation = target.observation
        object.member("componentId", target.url)
        object.member("componentType", "component")
        if let latency = observation.latency {
            object.member("observedValue", decimal: latency.milliseconds)
            object.member("observedUnit", "ms")
        }
        var status = word(service.isGroup ? target.status : service.status)
        var output = target.reason.map(line)
        if output == nil, case .failing(let count, let fall, let reason?) = target.against {
            // Healthy with a defect; without one, the draft allows no output.
            status = word(.degraded)
            output = "failing, \(count) of \(fall): \(line(reason))"
        }
        object.member("status", status)
        object.member("time", observation.startedAt.timestamp.rfc3339)
        if let output { object.member("output", output) }
    }
}
