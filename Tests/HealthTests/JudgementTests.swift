import HTTPClient
import Health
import Testing
import Time

@Suite("Reasons")
struct ReasonTests {
    private static let limit = Duration.milliseconds(1500)

    static let reasons: [(Reason, String, String)] = [
        (
            .transfer(.dns(host: "loki", detail: "name or service not known")), "dns",
            "cannot resolve loki: name or service not known"
        ),
        (.transfer(.refused(place: "10.0.0.7:3100")), "refused", "connection refused by 10.0.0.7:3100"),
        (
            .transfer(.unreachable(place: "10.0.0.7:3100", detail: "no route to host")), "unreachable",
            "cannot reach 10.0.0.7:3100: no route to host"
        ),
        (
            .transfer(.connectTimeout(place: "10.0.0.7:3100", limit: limit)), "connect_timeout",
            "no connection to 10.0.0.7:3100 within 1.5 s"
        ),
        (
            .transfer(.timeout(limit: limit, waitingFor: .response)), "timeout",
            "connected, but waited for the response until the 1.5 s timeout"
        ),
        (
            .matching(limit: limit), "timeout",
            "connected, but the body was still being judged at the 1.5 s timeout"
        ),
        (.transfer(.tls(detail: "certificate has expired")), "tls", "TLS failed: certificate has expired"),
        (.transfer(.reset(during: .response)), "reset", "connection reset while waiting for the response"),
        (.transfer(.empty), "empty", "connection closed without a response"),
        (.transfer(.incomplete), "incomplete", "connection closed in the middle of the response"),
        (.transfer(.protocolError(detail: "HTTP/0.9")), "protocol", "not a valid HTTP response: HTTP/0.9"),
        (.transfer(.tooLarge(limit: 65536)), "too_large", "response is larger than 64 KiB"),
        (
            .deadline(limit: .milliseconds(1800)), "deadline",
            "no complete response within the check's deadline of 1.8 s"
        ),
        (
            .transfer(.internalError(detail: "too many open files")), "internal",
            "healthz could not make the probe: too many open files"
        ),
        (
            .unjudged(detail: "a pattern is still being matched"), "internal",
            "healthz could not make the probe: a pattern is still being matched"
        ),
        (.status(503, expected: .only(200).union(.only(404))), "status", "answered 503, expected 200,404"),
        (
            .status(401, expected: .only(200), words: ResponseWords(challenge: Excerpt("Bearer"))), "status",
            "answered 401 (Bearer), expected 200"
        ),
        (
            .body(.lacks("ready", found: Excerpt(quoting: "no"))), "body",
            #"the body does not contain "ready": "no""#
        ),
        (.peer(503, words: .none), "peer", "answered 503 because another instance is not healthy"),
        (
            .header(.compared("Server", expected: .exists(false), found: Excerpt("\"x\""))), "header",
            #"Server is "x", expected nothing there"#
        ),
        (
            .slow(.milliseconds(812), limit: .milliseconds(500)), "slow", "took 812 ms (slow: over 500 ms)"
        ),
        (
            .certificate(expiry: Timestamp(milliseconds: 1_795_240_800_000), margin: .seconds(14 * 86_400)),
            "certificate", "the certificate expires at 2026-11-21T06:00:00.000Z, within 14 days"
        ),
        (.container(detail: "is paused"), "container", "the container is paused"),
        (
            .database(.postgres, words: "57P03 \"the database system is starting up\""), "database",
            "PostgreSQL does not accept clients: 57P03 \"the database system is starting up\""
        ),
        (
            .unknownContainer(detail: "connection refused by unix:/x"), "unknown",
            "Docker does not tell the container's state: connection refused by unix:/x"
        ),
        (.instances(healthy: 1, of: 3, required: 2), "instances", "1 of 3 instances is healthy, 2 required"),
    ]

    @Test("Each reason has its stable code and its text", arguments: reasons)
    func texts(reason: Reason, code: String, text: String) {
        #expect(reason.code == code)
        #expect("\(reason)" == text)
    }

    @Test("Every cause has a reason")
    func causes() {
        #expect(Set(Self.reasons.map(\.1)) == Set(FailureCause.allCases.map(\.rawValue)))
    }

    @Test("A failure by time is attributed to the setting of the limit, and no other failure is")
    func limits() {
        let own = ProbeLimit(timeout: .seconds(1), deadline: .seconds(1))
        let cut = ProbeLimit(timeout: .seconds(2), deadline: .seconds(1))
        #expect(own == ProbeLimit(timeout: .seconds(1)) && own.duration == cut.duration)
        let late: [TransferFailure] = [
            .timeout(limit: .seconds(1), waitingFor: .response), .connectTimeout(place: "x", limit: .seconds(1)),
        ]
        for failure in late {
            #expect(own.reason(for: failure) == .transfer(failure))
            #expect(cut.reason(for: failure) == .deadline(limit: .seconds(1)))
        }
        #expect(own.reasonForMatching == .matching(limit: .seconds(1)))
        #expect(cut.reasonForMatching == .deadline(limit: .seconds(1)))
        #expect(cut.reason(for: .refused(place: "x")) == .transfer(.refused(place: "x")))
    }
}

@Suite("Probes as values")
struct ProbeTests {
    private static let url = URL(scheme: .http, host: "loki", port: 3100, target: "/ready")

    @Test("A probe is described by its action and its expected result")
    func shown() {
        let body = BodyExpectation(contained: ["ready"])
        let http = Probe.http(Request(Self.url, method: .head), Expectation(.only(200), body: body))
        #expect("\(http)" == "HEAD http://loki:3100/ready")
        #expect(http.expected == #"200, body contains "ready""#)
        let connect = Probe.connect(URL(scheme: .tcp, host: "db", port: 5432, target: ""))
        #expect("\(connect)" == "tcp://db:5432")
        #expect(connect.expected == "a connection")
    }
}

@Suite("Slow answers")
struct SlowTests {
    @Test("A correct but late answer is degraded; a wrong one keeps its verdict")
    func late() {
        let url = URL(scheme: .tcp, host: "db", port: 5432, target: "")
        let target = Target(
            id: "db", probe: .connect(url), timeout: .seconds(1), slow: .milliseconds(500))
        #expect(target.judge(.up, after: .milliseconds(500)) == .up)
        let late = Duration.milliseconds(501)
        #expect(target.judge(.up, after: late) == .degraded(.slow(late, limit: .milliseconds(500))))
        let down = Verdict.down(.transfer(.empty))
        #expect(target.judge(down, after: late) == down)
        #expect(target.with(.once).slow == .milliseconds(500))
        #expect(target != Target(id: "db", probe: .connect(url), timeout: .seconds(1)))
    }
}

@Suite("History")
struct HistoryTests {
    private static let start = Instant.now
    private static let refused = Verdict.down(.transfer(.refused(place: "loki:3100")))

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

    @Test("Between healthy and degraded the last observation decides, and both are up for the thresholds")
    func degraded() {
        let peer = Verdict.degraded(.peer(503, words: .none))
        var history = History()
        let steps: [(Verdict, HealthStatus, since: Int64, reason: String?)] = [
            (.up, .healthy, 0, nil), (peer, .degraded, 1000, "peer"), (peer, .degraded, 1000, "peer"),
            (Self.refused, .degraded, 1000, "peer"), (Self.refused, .unhealthy, 4000, "refused"),
            (peer, .unhealthy, 4000, "refused"), (peer, .degraded, 6000, "peer"), (.up, .healthy, 7000, nil),
        ]
        for (second, step) in steps.enumerated() {
            let change = history.record(Self.observation(step.0, at: second), threshold: Threshold(rise: 2, fall: 2))
            #expect(history.known?.status == step.1, "step \(second)")
            #expect(history.known?.reason?.code == step.reason, "step \(second)")
            #expect(history.known?.since.timestamp.milliseconds == step.since, "step \(second)")
            #expect((change != .none) == (step.since == Int64(second) * 1000), "step \(second)")
        }
        #expect(history.known?.recent.all.map(\.isUp) == [true, true, true, false, false, true, true, true])
    }

    @Test("With thresholds, enough contradicting observations in a row change the status")
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
