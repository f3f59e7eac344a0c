import Health
import Logging
import Time

/// Changes of instances, services and the node.
extension StateLog {
    func changed(_ transition: Transition) {
        switch transition {
        case .service(let service, let lasted):
            var metadata: Logger.Metadata = ["event": "changed", "service": "\(service.name)"]
            if !service.isGroup, let target = service.instances.first { metadata.tell(of: target) }
            let took = service.isGroup ? nil : service.instances.first?.observation.duration
            tell("\(service.name) is", service.status, after: lasted, service.reason, took, metadata)
        case .instance(let instance, let service, let lasted):
            var metadata: Logger.Metadata = [
                "event": "instance_changed", "service": "\(service)", "instance": "\(instance.name)",
            ]
            metadata.tell(of: instance)
            tell(
                "\(service) at \(instance.name) is", instance.status, after: lasted, instance.reason,
                instance.observation.duration, metadata)
        case .node(let report, let lasted): changed(report, after: lasted)
        case .resumed(let time):
            logger.warning(
                "checks were stuck for \(time.brief): healthz or the machine stood still",
                metadata: ["event": "stuck", "duration_ms": .milliseconds(time)])
        }
    }

    private func tell(
        _ subject: String, _ status: HealthStatus, after lasted: Duration?, _ reason: Reason?, _ took: Duration?,
        _ metadata: Logger.Metadata
    ) {
        let why = reason.map { ": \($0.code): \($0)" } ?? ""
        let time = took.map { " (\($0.brief))" } ?? ""
        var metadata = metadata
        metadata["cause"] = reason.map { "\($0.code)" }
        metadata["detail"] = reason.map { "\($0)" }
        tell(subject, status, after: lasted, "\(why)\(time)", metadata)
    }

    /// The node, all services together.
    private func changed(_ report: Report, after lasted: Duration?) {
        let failing = [HealthStatus.unhealthy, .degraded].flatMap { status in
            report.services.filter { $0.status == status }
        }
        let causes = failing.map { service in service.name + (service.reason.map { " (\($0.code))" } ?? "") }
        let detail = report.cause?.description ?? causes.joined(separator: ", ")
        var metadata: Logger.Metadata = ["event": "node_changed"]
        metadata["cause"] = report.cause.map { "\($0.rawValue)" }
        metadata["detail"] = detail.isEmpty ? nil : "\(detail)"
        let why = (report.cause.map { ": \($0.rawValue)" } ?? "") + (detail.isEmpty ? "" : ": \(detail)")
        tell("the node is", report.status, after: lasted, why, metadata)
    }

    private func tell(
        _ subject: String, _ status: HealthStatus, after lasted: Duration?, _ why: String,
        _ metadata: Logger.Metadata
    ) {
        var metadata = metadata
        metadata["status"] = "\(status.rawValue)"
        metadata["previous_ms"] = lasted.map { .milliseconds($0) }
        let before = lasted.map { " after \($0.brief)" } ?? ""
        logger.log(
            level: status == .healthy ? .info : .warning, "\(subject) \(status.rawValue)\(before)\(why)",
            metadata: metadata)
    }
}

extension Logger.Metadata {
    fileprivate mutating func tell(of target: TargetReport) {
        self["url"] = "\(target.url)"
        self["http_status"] = target.observation.httpStatus.map { .stringConvertible($0) }
        self["duration_ms"] = .milliseconds(target.observation.duration)
    }
}

extension Logger.MetadataValue {
    static func milliseconds(_ time: Duration) -> Logger.MetadataValue {
        .stringConvertible(time.milliseconds)
    }
}
