import Health
import Testing
import Time

@Suite("Judgement")
struct JudgementTests {
    @Test("A status in the set is up, another is down and says what was expected")
    func statuses() throws {
        let expectation = Expectation.response(try #require(StatusSet("200,404")))
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

    @Test("A body that is not as expected is down; the body of a wrong status is not looked at")
    func bodies() {
        let body = BodyExpectation(contained: ["ready"])
        let expectation = Expectation.response(.only(200), body: body)
        let mismatch = BodyMismatch.lacks("ready", found: Excerpt(quoting: "no"))
        #expect(expectation.judge(.success(ProbeResponse(status: 200))) == .up)
        let verdict = expectation.judge(.success(ProbeResponse(status: 200, mismatch: mismatch)))
        #expect(verdict == .down(.body(mismatch)))
        #expect(verdict.reason?.code == "body")
        #expect(expectation.judge(.success(ProbeResponse(status: 503, mismatch: mismatch))).reason?.code == "status")
        #expect(expectation.body(of: 200) == body)
        #expect(expectation.body(of: 503) == nil)
    }

    @Test("Where a connection is expected, it is all that counts")
    func connections() {
        #expect(Expectation.connection.judge(.success(ProbeResponse(status: nil))) == .up)
        #expect(Expectation.connection.judge(.failure(.empty)) == .down(.probe(.empty)))
    }

    @Test("Each failed probe is down, with its own stable code and text", arguments: failures)
    func causes(failure: ProbeFailure, code: String, text: String) {
        #expect(failure.cause.rawValue == code)
        #expect("\(failure)" == text)
        #expect(Expectation.response(.only(200)).judge(.failure(failure)) == .down(.probe(failure)))
    }

    @Test("No two causes share a code")
    func codes() {
        #expect(Set(Self.failures.map(\.1)).count == Self.failures.count)
    }
}

@Suite("History")
struct HistoryTests {
    private static let start = Instant.now
    private static let refused = Verdict.down(.probe(.refused(place: "loki:3100")))

    private static func observation(_ verdict: Verdict, at second: Int) -> Observation {
        Observation(
            startedAt: Moment(
                instant: start + .seconds(second), timestamp: Timestamp(milliseconds: Int64(second) * 1000)),
            duration: .milliseconds(1), httpStatus: nil, verdict: verdict)
    }

    @Test("A status lasts since its first observation; the last healthy one is remembered")
    func history() {
        var history = History()
        #expect(history.known == nil)
        let steps: [(Verdict, since: Int64, healthy: Int64?, Change)] = [
            (Self.refused, 0, nil, .first),
            (Self.refused, 0, nil, .none),
            (.up, 2000, 2000, .after(.seconds(2))),
            (.up, 2000, 3000, .none),
            (Self.refused, 4000, 3000, .after(.seconds(2))),
            (.down(.status(500, expected: .only(404))), 4000, 3000, .none),
        ]
        for (second, step) in steps.enumerated() {
            let change = history.record(Self.observation(step.0, at: second), threshold: .once)
            #expect(history.known?.since.timestamp.milliseconds == step.since, "step \(second)")
            #expect(history.known?.lastUpAt?.milliseconds == step.healthy, "step \(second)")
            #expect(history.known?.isUp == step.0.isUp, "step \(second)")
            #expect(change == step.3, "step \(second)")
        }
        #expect(history.known?.lastReason?.code == "status")
    }

    @Test("With thresholds, the status turns when enough observations in a row are against it")
    func thresholds() {
        var history = History()
        let verdicts: [(Verdict, isUp: Bool, against: Int)] = [
            (.up, true, 0), (Self.refused, true, 1), (.up, true, 0), (Self.refused, true, 1), (Self.refused, true, 2),
            (Self.refused, false, 0), (Self.refused, false, 0), (.up, false, 1), (Self.refused, false, 0),
            (.up, false, 1), (.up, true, 0),
        ]
        for (second, step) in verdicts.enumerated() {
            _ = history.record(Self.observation(step.0, at: second), threshold: Threshold(rise: 2, fall: 3))
            #expect(history.known?.isUp == step.isUp, "step \(second)")
            #expect(history.known?.against == step.against, "step \(second)")
        }
        #expect(history.known?.since.timestamp.milliseconds == 10_000)
    }
}
