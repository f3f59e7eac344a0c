package import Health

/// A report as `application/health+json` (draft-inadarei-api-health-check-06), for those whose tools speak it.
package enum HealthJSON {
    package static let mediaType = "application/health+json"

    /// One check on one line: one a target, and for a group, under one key, one an instance.
    /// - Parameters:
    ///   - version: the program's.
    ///   - warnings: of the request, such as the name of a service that does not exist.
    package static func encode(
        _ report: Report, _ detail: Detail = .full, version: String, warnings: [String] = []
    ) -> String {
        var members: [JSON.Member] = [
            .init("status", .string(word(report.status))), .init("releaseId", .string(version)),
            .init("description", .string("health of a node, by healthz")),
        ]
        if !warnings.isEmpty { members.append(.init("notes", .array(warnings.map(JSON.string)))) }
        if let cause = report.cause {
            members.append(.init("output", .string("\(cause.rawValue): \(cause.description)")))
        }
        let all = report.services.map { JSON.Member("\($0.name):\(measurement)", checks($0, report, detail)) }
        members.append(.init("checks", .object(all)))
        return JSON.object(members).text(expanded: 3) + "\n"
    }

    /// One of those that the draft predefines (§4.1).
    private static let measurement = "responseTime"

    private static func word(_ status: HealthStatus) -> String {
        switch status {
        case .healthy: "pass"
        case .degraded: "warn"
        case .unhealthy: "fail"
        }
    }

    private static func checks(_ service: ServiceReport, _ report: Report, _ detail: Detail) -> JSON {
        guard detail == .full else {
            // The verdict, and when it was made: of a group, without telling how many instances there are.
            return .array([
                .object([
                    .init("componentType", .string("component")), .init("status", .string(word(service.status))),
                    .init("time", .string(report.checkedAt.rfc3339)),
                ])
            ])
        }
        return .array(service.instances.map { check(of: $0, in: service) })
    }

    private static func line(_ reason: Reason) -> String { "\(reason.code): \(reason.description)" }

    private static func check(of target: TargetReport, in service: ServiceReport) -> JSON {
        let observation = target.observation
        var members: [JSON.Member] = [
            .init("componentId", .string(target.url.description)), .init("componentType", .string("component")),
        ]
        if let latency = observation.latency {
            members.append(.init("observedValue", .decimal(latency.milliseconds)))
            members.append(.init("observedUnit", .string("ms")))
        }
        var status = word(service.isGroup ? target.status : service.status)
        var output = target.reason.map(line)
        if output == nil, case .failing(let count, let fall, let reason?) = target.against {
            // Healthy, with concerns; and where all is well the draft wants no output.
            status = word(.degraded)
            output = "failing, \(count) of \(fall): \(line(reason))"
        }
        members.append(.init("status", .string(status)))
        members.append(.init("time", .string(observation.startedAt.timestamp.rfc3339)))
        if let output { members.append(.init("output", .string(output))) }
        return .object(members)
    }
}
