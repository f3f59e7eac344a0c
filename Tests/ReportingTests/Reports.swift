import HTTPClient
import Health
import Testing
import Time

/// Reports to be written out.
enum Reports {
    static func target(
        _ name: String, _ verdicts: [Verdict], status: Int? = nil, milliseconds: Double = 3.1,
        threshold: Threshold = .once
    ) throws -> TargetReport {
        let target = Target.on(name, threshold: threshold)
        var history = History()
        for (index, verdict) in verdicts.enumerated() {
            let at = Moment(
                instant: .now, timestamp: Timestamp(milliseconds: 1_795_240_800_000 + Int64(index) * 1_800_000))
            let observation = Observation(
                startedAt: at, duration: .microseconds(Int64(milliseconds * 1000)), httpStatus: status,
                verdict: verdict)
            _ = history.record(observation, threshold: threshold)
        }
        return try TargetReport(name: name, target: target, known: #require(history.known))
    }

    static func service(
        _ name: String, _ verdict: Verdict, status: Int? = nil, milliseconds: Double = 3.1, lastHealthyAt: Int64? = nil,
        isCritical: Bool = true, after: [Verdict] = [], threshold: Threshold = .once
    ) throws -> ServiceReport {
        let target = try target(
            name, after + [verdict], status: status, milliseconds: milliseconds, threshold: threshold)
        let service = Service(
            name: name,
            target: .on(name), isCritical: isCritical)
        return ServiceReport(
            service, instances: [target], since: Timestamp(milliseconds: 1_795_240_800_000),
            lastHealthyAt: lastHealthyAt.map(Timestamp.init(milliseconds:)))
    }

    static func group(_ name: String, _ verdicts: [(String, Verdict)], required: Int) throws -> ServiceReport {
        let instances = try verdicts.map { try target($0.0, [$0.1]) }
        let service = Service(
            name: name,
            instances: instances.map { Service.Instance(name: $0.name, target: .on($0.name)) },
            required: required)
        return ServiceReport(
            service, instances: instances, since: Timestamp(milliseconds: 1_795_240_800_000), lastHealthyAt: nil)
    }

    static func report(_ services: [ServiceReport], _ cause: Report.Cause? = nil) -> Report {
        Report(
            checkedAt: Timestamp(milliseconds: 1_795_243_200_123), duration: .microseconds(12_400), cause: cause,
            services: services)
    }

    static let refused = Verdict.down(.transfer(.refused(place: "10.0.0.7:3100")))
}

extension Target {
    /// `http://<host>:3000/`, which is to answer 200.
    static func on(_ host: String, threshold: Threshold = .once) -> Target {
        Target(
            id: host,
            probe: .http(Request(URL(scheme: .http, host: host, port: 3000, target: "/")), Expectation(.only(200))),
            timeout: .seconds(1), threshold: threshold)
    }
}
