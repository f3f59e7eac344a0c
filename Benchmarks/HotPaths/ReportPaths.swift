import HTTPClient
import Health
import Reporting
import Time

extension HotPaths {
    static func reportPaths() -> [Path] {
        let (well, ill) = (report { _ in .up }, report(failing))
        return [
            ("write three healthy services as JSON", { JSONReport.encode(well).utf8.count }),
            ("write three, one of them refused, as JSON", { JSONReport.encode(ill).utf8.count }),
            ("write three healthy services as text", { TextReport.encode(well).utf8.count }),
        ]
    }

    private static func failing(_ name: String) -> Verdict {
        name == "loki" ? .down(.transfer(.refused(place: "10.0.0.7:3100"))) : .up
    }

    private static func report(_ verdict: (String) -> Verdict) -> Report {
        let reports = services().map { service in
            let instances = service.instances.compactMap { instance in
                var history = History()
                _ = history.record(
                    Observation(
                        startedAt: moment, duration: .milliseconds(3), httpStatus: 200, verdict: verdict(service.name)),
                    threshold: .once)
                return history.known.map { TargetReport(name: instance.name, target: instance.target, known: $0) }
            }
            return ServiceReport(service, instances: instances, since: moment.timestamp, lastHealthyAt: nil)
        }
        return Report(checkedAt: moment.timestamp, duration: .milliseconds(4), services: reports)
    }
}
