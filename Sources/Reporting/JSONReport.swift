package import Health

/// The API's own representation of a report: docs/api.md.
package enum JSONReport {
    /// Each service on one line, for people with curl.
    /// - Parameter warnings: of the request, such as the name of a service that does not exist.
    package static func encode(_ report: Report, warnings: [String] = []) -> String {
        var members: [(name: String, value: JSON)] = [("status", .string(report.status.rawValue))]
        if let cause = report.cause {
            members.append(("reason", .string(cause.rawValue)))
            members.append(("message", .string(cause.description)))
        }
        members.append(("checked_at", .string(report.checkedAt.rfc3339)))
        members.append(("duration_ms", .decimal(report.duration.milliseconds)))
        members.append(("services", .object(report.services.map { ($0.name, encode($0)) })))
        if !warnings.isEmpty { members.append(("warnings", .array(warnings.map(JSON.string)))) }
        return JSON.object(members).text(expanded: 2) + "\n"
    }

    private static func encode(_ service: ServiceReport) -> JSON {
        let observation = service.observation
        var members: [(name: String, value: JSON)] = [
            ("status", .string(service.status.rawValue)),
            ("url", .string(service.url.description)),
        ]
        if let status = observation.httpStatus { members.append(("http_status", .integer(status))) }
        if case .down(let reason) = observation.verdict {
            members.append(("reason", .string(reason.code)))
            members.append(("message", .string(reason.description)))
        }
        members.append(("duration_ms", .decimal(observation.duration.milliseconds)))
        members.append(("since", .string(service.since.rfc3339)))
        if service.status == .unhealthy, let last = service.lastHealthyAt {
            members.append(("last_healthy_at", .string(last.rfc3339)))
        }
        return .object(members)
    }
}
