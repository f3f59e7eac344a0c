package import Health
import Time

/// The detail of an encoded report.
package enum Detail: Sendable, Hashable {
    case full
    /// Only the verdicts: no address, cause or message.
    case summary
}

/// A report in the API's own format: docs/api.md.
package enum JSONReport {
    /// Each service and each instance is on one line, for people with curl.
    /// - Parameters:
    ///   - discovery: the state of service discovery; the member is left out if it is empty.
    ///   - warnings: about the request, such as the name of an unknown service.
    package static func encode(
        _ report: Report, _ detail: Detail = .full, discovery: [DiscoveryFigures] = [], warnings: [String] = []
    ) -> String {
        JSONWriter.object(expanded: report.services.contains(where: \.isGroup) ? 4 : 2) { object in
            object.member("status", report.status.rawValue)
            if let cause = report.cause, let message = report.message(withNote: detail == .full) {
                object.member("reason", cause.rawValue)
                object.member("message", message)
            }
            object.member("checked_at", report.checkedAt.rfc3339)
            object.member("duration_ms", decimal: report.duration.milliseconds)
            object.object("services") { services in
                for service in report.services {
                    let isOnOneLine = !service.isGroup || detail != .full
                    services.object(service.name, onOneLine: isOnOneLine) { write(service, detail, to: &$0) }
                }
            }
            if !discovery.isEmpty {
                object.array("discovery") { array in
                    for figures in discovery { array.object { write(figures, detail, to: &$0) } }
                }
            }
            if !warnings.isEmpty { object.member("warnings", warnings) }
        } + "\n"
    }

    private static func write(_ figures: DiscoveryFigures, _ detail: Detail, to object: inout JSONWriter) {
        object.member("provider", figures.provider)
        object.member("registered", figures.isRegistered)
        if let status = figures.status { object.member("status", status) }
        guard detail == .full else { return }
        object.member("state", figures.state)
        if let since = figures.since { object.member("since", since.rfc3339) }
        object.member("service", figures.service)
        if let instance = figures.instance { object.member("instance", instance) }
        if let cause = figures.cause { object.member("reason", cause) }
    }

    private static func write(_ service: ServiceReport, _ detail: Detail, to object: inout JSONWriter) {
        object.member("status", service.status.rawValue)
        if !service.isCritical { object.member("critical", false) }
        guard detail == .full else { return }
        if service.isGroup {
            object.member("required", service.required)
            if let reason = service.reason { write(reason, to: &object) }
        } else if let target = service.instances.first {
            write(target, to: &object)
        }
        object.member("since", service.since.rfc3339)
        if service.condition == .failed, let last = service.lastHealthyAt {
            object.member("last_healthy_at", last.rfc3339)
        }
        guard service.isGroup else { return }
        object.object("instances") { instances in
            for instance in service.instances {
                instances.object(instance.name, onOneLine: true) { write(instance: instance, to: &$0) }
            }
        }
    }

    private static func write(instance: TargetReport, to object: inout JSONWriter) {
        object.member("status", instance.status.rawValue)
        write(instance, to: &object)
        object.member("since", instance.since.rfc3339)
        if !instance.isUp, let last = instance.lastHealthyAt { object.member("last_healthy_at", last.rfc3339) }
    }

    /// The members of a target.
    private static func write(_ target: TargetReport, to object: inout JSONWriter) {
        object.member("url", target.url)
        if let status = target.observation.httpStatus { object.member("http_status", status) }
        if let reason = target.reason { write(reason, to: &object) }
        switch target.against {
        case .failing(let count, let fall, let reason):
            object.object("failing") { failing in
                failing.member("count", count)
                failing.member("fall", fall)
                if let reason { write(reason, to: &failing) }
            }
        case .recovering(let count, let rise):
            object.object("recovering") { recovering in
                recovering.member("count", count)
                recovering.member("rise", rise)
            }
        case nil: break
        }
        object.member("duration_ms", decimal: target.observation.duration.milliseconds)
    }

    private static func write(_ reason: Reason, to object: inout JSONWriter) {
        object.member("reason", reason.code)
        object.member("message", reason.description)
    }
}
