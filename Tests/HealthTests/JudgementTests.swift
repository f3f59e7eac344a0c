import Health
import Testing

@Suite("Judgement")
struct JudgementTests {
    @Test("A status in the set is up, another is down and says what was expected")
    func statuses() throws {
        let expectation = Expectation(statuses: try #require(StatusSet("200,404")))
        #expect(expectation.judge(.success(ProbeResponse(status: 404))) == .up)
        let verdict = expectation.judge(.success(ProbeResponse(status: 503)))
        guard case .down(let reason) = verdict else {
            Issue.record("503 is up")
            return
        }
        #expect(reason.code == "status")
        #expect("\(reason)" == "answered 503, expected 200,404")
    }

    static let failures: [(ProbeFailure, String, String)] = [
        (
            .dns(host: "loki", detail: "name or service not known"), "dns",
            "cannot resolve loki: name or service not known"
        ),
        (.refused(place: "10.0.0.7:3100"), "refused", "connection refused by 10.0.0.7:3100"),
        (
            .unreachable(place: "10.0.0.7:3100", detail: "no route to host"), "unreachable",
            "cannot reach 10.0.0.7:3100: no route to host"
        ),
        (
            .connectTimeout(place: "10.0.0.7:3100", limit: .milliseconds(1500)), "connect_timeout",
            "no connection to 10.0.0.7:3100 within 1.5 s"
        ),
        (
            .timeout(limit: .milliseconds(1500), waitingFor: .response), "timeout",
            "connected, but waited for the response until the 1.5 s timeout"
        ),
        (.tls(detail: "certificate has expired"), "tls", "TLS failed: certificate has expired"),
        (.reset(during: .response), "reset", "connection reset while waiting for the response"),
        (.empty, "empty", "connection closed without a response"),
        (.incomplete, "incomplete", "connection closed in the middle of the response"),
        (.protocolError(detail: "HTTP/0.9"), "protocol", "not a valid HTTP response: HTTP/0.9"),
        (.tooLarge(limit: 65536), "too_large", "response is larger than 64 KiB"),
        (
            .deadline(limit: .milliseconds(1800)), "deadline",
            "no complete response when the check's deadline of 1.8 s came"
        ),
        (
            .internalError(detail: "too many open files"), "internal",
            "healthz could not make the probe: too many open files"
        ),
    ]

    @Test("Each failed probe is down, with its own stable code and text", arguments: failures)
    func causes(failure: ProbeFailure, code: String, text: String) {
        #expect(failure.code == code)
        #expect("\(failure)" == text)
        #expect(Expectation(statuses: .only(200)).judge(.failure(failure)) == .down(.probe(failure)))
    }

    @Test("No two causes share a code")
    func codes() {
        #expect(Set(Self.failures.map(\.1)).count == Self.failures.count)
    }
}

@Suite("Reports and history")
struct ReportTests {
    static let target = Target(
        name: "loki", url: ProbeURL(scheme: .http, host: "loki", port: 3100, target: "/"),
        expectation: Expectation(statuses: .only(404)), timeout: .seconds(1))

    static func observation(_ verdict: Verdict, at second: Int) -> Observation {
        Observation(
            startedAt: Moment(
                instant: start + .seconds(second), timestamp: Timestamp(milliseconds: Int64(second) * 1000)),
            duration: .milliseconds(1), httpStatus: nil, verdict: verdict)
    }

    static let start = ContinuousClock.now
    static let refused = Verdict.down(.probe(.refused(place: "loki:3100")))

    @Test("A status lasts since its first observation; the last healthy one is remembered")
    func history() {
        var history = History()
        #expect(history.report == nil)
        let steps: [(Verdict, since: Int64, healthy: Int64?, lasted: Duration?, changes: Bool)] = [
            (Self.refused, 0, nil, nil, true),
            (Self.refused, 0, nil, nil, false),
            (.up, 2000, 2000, .seconds(2), true),
            (.up, 2000, 3000, nil, false),
            (Self.refused, 4000, 3000, .seconds(2), true),
            (.down(.status(500, expected: .only(404))), 4000, 3000, nil, false),
        ]
        for (second, step) in steps.enumerated() {
            let (report, transition) = history.record(Self.observation(step.0, at: second), of: Self.target)
            #expect(report == history.report)
            #expect(report.since.milliseconds == step.since, "step \(second)")
            #expect(report.lastHealthyAt?.milliseconds == step.healthy, "step \(second)")
            #expect((transition != nil) == step.changes, "step \(second)")
            #expect(transition?.previousLasted == step.lasted, "step \(second)")
        }
    }

    @Test("The whole is healthy only if every service is, and nothing else speaks against it")
    func aggregation() {
        func service(_ verdict: Verdict) -> ServiceReport {
            var history = History()
            return history.record(Self.observation(verdict, at: 0), of: Self.target).0
        }
        func status(_ verdicts: [Verdict], _ cause: Report.Cause? = nil) -> HealthStatus {
            Report(
                checkedAt: Timestamp(milliseconds: 0), duration: .zero, cause: cause, services: verdicts.map(service)
            ).status
        }
        #expect(status([.up]) == .healthy)
        #expect(status([.up, .up, .up]) == .healthy)
        #expect(status([.up, Self.refused, .up]) == .unhealthy)
        #expect(status([Self.refused, Self.refused]) == .unhealthy)
        #expect(status([.up, .up], .draining) == .unhealthy)
        #expect(status([], .nothingChecked) == .unhealthy)
    }
}
