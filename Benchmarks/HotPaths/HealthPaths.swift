import EventLoop
import HTTPClient
import Health
import Judging
import Time

/// Ends each probe before the call that starts it returns.
private struct ReadyProber: Prober {
    func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void) {
        ended(Outcome(status: 200, .up))
    }
}

extension HotPaths {
    static let moment = Moment(instant: .now, timestamp: Timestamp(milliseconds: 1_795_243_200_123))

    static func services() -> [Service] {
        ["grafana", "loki", "tempo"].map { name in
            Service(
                name: name,
                target: Target(
                    id: name,
                    probe: .http(
                        Request(URL(scheme: .http, host: name, port: 3000, target: "/ready")), Expectation(.only(200))),
                    timeout: .seconds(1)))
        }
    }

    static func healthPaths(on loop: EventLoop) throws -> [Path] {
        [
            ("record an outcome", record()),
            ("judge a body: Grafana's JSON", try judgeBody()),
            ("a check of three services that answer at once", check(on: loop)),
        ]
    }

    private static func record() -> () -> Int {
        var history = History()
        return {
            let observation = Observation(
                startedAt: moment, duration: .milliseconds(1), httpStatus: 200, verdict: .up)
            _ = history.record(observation, threshold: .once)
            return history.known?.isUp == true ? 1 : 0
        }
    }

    private static func judgeBody() throws -> () -> Int {
        guard let pointer = JSONPointer("/database") else { preconditionFailure() }
        let judge = try BodyJudge(BodyExpectation(members: [.init(pointer: pointer, value: .string("ok"))]))
        let body = Array("{\n  \"commit\": \"5e4a0fe\",\n  \"database\": \"ok\",\n  \"version\": \"6.5.1\"\n}".utf8)
        return { judge.mismatch(in: body) == nil ? 1 : 0 }
    }

    /// To be called on the loop, as what is returned.
    private static func check(on loop: EventLoop) -> () -> Int {
        let plan = Aggregator.Plan(
            services: services(), deadline: .seconds(2), freshness: .onDemand(maxAge: .zero))
        let aggregator = Aggregator(on: loop, plan: plan, prober: ReadyProber(), clock: { moment })
        return {
            aggregator.assumeIsolated { aggregator in
                aggregator.check(.all) { precondition($0.report.status == .healthy) }
            }
            return 1
        }
    }
}
