package import Health

/// How much of a report is written out.
package enum Detail: Sendable, Hashable {
    case full
    /// The verdicts alone: no address, no cause, no message.
    case summary
}

/// The API's own representation of a report: docs/api.md.
package enum JSONReport {
    /// Each service, and each instance, on one line, for people with curl.
    /// - Parameter warnings: of the request, such as the name of a service that does not exist.
    package static func encode(_ report: Report, _ detail: Detail = .full, warnings: [String] = []) -> String {
        var members: [JSON.Member] = [.init("status", .string(report.status.rawValue))]
        if let cause = report.cause {
            members.append(.init("reason", .string(cause.rawValue)))
            members.append(.init("message", .string(cause.description)))
        }
        members.append(.init("checked_at", .string(report.checkedAt.rfc3339)))
        members.append(.init("duration_ms", .decimal(report.duration.milliseconds)))
        members.append(.init("services", .object(report.services.map { .init($0.name, encode($0, detail)) })))
        if !warnings.isEmpty { members.append(.init("warnings", .array(warnings.map(JSON.string)))) }
        return JSON.object(members).text(expanded: report.services.contains(where: \.isGroup) ? 4 : 2) + "\n"
    }

    private static func encode(_ service: ServiceReport, _ detail: Detail) -> JSON {
        var members: [JSON.Member] = [.init("status", .string(service.status.rawValue))]
        if !service.isCritical { members.append(.init("critical", .bool(false))) }
        guard detail == .full else { return .line(.object(members)) }
        if service.isGroup {
            members.append(.init("required", .integer(service.required)))
            if let reason = service.reason { members += encode(reason) }
        } else if let target = service.instances.first {
            members += encode(target)
        }
        members.append(.init("since", .string(service.since.rfc3339)))
        if service.condition == .failed, let last = service.lastHealthyAt {
            members.append(.init("last_healthy_at", .string(last.rfc3339)))
        }
        guard service.isGroup else { return .line(.object(members)) }
        members.append(
            .init("instances", .object(service.instances.map { .init($0.name, .line(encode(instance: $0))) })))
        return .object(members)
    }

    private static func encode(instance: TargetReport) -> JSON {
        var members: [JSON.Member] = [.init("status", .string(instance.status.rawValue))]
        members += encode(instance)
        members.append(.init("since", .string(instance.since.rfc3339)))
        if !instance.isUp, let last = instance.lastHealthyAt {
            members.append(.init("last_healthy_at", .string(last.rfc3339)))
        }
        return .object(members)
    }

    /// The members that tell of one target.
    private static func encode(_ target: TargetReport) -> [JSON.Member] {
        let observation = target.observation
        var members: [JSON.Member] = [.init("url", .string(target.url.description))]
        if let status = observation.httpStatus { members.append(.init("http_status", .integer(status))) }
        if let reason = target.reason { members += encode(reason) }
        switch target.against {
        case .failing(let count, let fall, let reason):
            let why = reason.map(encode) ?? []
            members.append(
                .init("failing", .object([.init("count", .integer(count)), .init("fall", .integer(fall))] + why)))
        case .recovering(let count, let rise):
            members.append(
                .init("recovering", .object([.init("count", .integer(count)), .init("rise", .integer(rise))])))
        case nil: break
        }
        members.append(.init("duration_ms", .decimal(observation.duration.milliseconds)))
        return members
    }

    private static func encode(_ reason: Reason) -> [JSON.Member] {
        [.init("reason", .string(reason.code)), .init("message", .string(reason.description))]
    }
}
