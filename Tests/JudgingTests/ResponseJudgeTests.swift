import HTTPClient
import Health
import Judging
import Testing

@Suite("Judging responses")
struct ResponseJudgeTests {
    private static func verdict(_ expectation: Health.Expectation, _ status: Int, _ body: String) throws -> Verdict {
        try ResponseJudge(expectation).verdict(on: Response(status: status, body: Array(body.utf8)))
    }

    /// A word for the verdict, and the code of its reason.
    private static func word(_ verdict: Verdict) -> String {
        switch verdict {
        case .up: "up"
        case .degraded(let reason): "degraded \(reason.code)"
        case .down(let reason): "down \(reason.code)"
        }
    }

    @Test(
        "What is not healthy may still be degraded, by its status and its body",
        arguments: [
            (200, "pass", "up"), (200, "warn", "degraded body"), (200, "fail", "down body"),
            (503, "warn", "degraded status"), (503, "pass", "down status"), (404, "warn", "down status"),
        ])
    func tiers(status: Int, body: String, word: String) throws {
        let expectation = Expectation(
            .only(200), body: BodyExpectation(contained: ["pass"]),
            tolerance: .response(.only(200).union(.only(503)), body: BodyExpectation(contained: ["warn"])))
        #expect(expectation.judgesBody(of: status) == (status != 404))
        #expect(try Self.word(Self.verdict(expectation, status, body)) == word)
    }

    @Test("A status alone may be degraded, and needs no body")
    func status() throws {
        let expectation = Expectation(.only(200), tolerance: .response(.only(429), body: nil))
        #expect(!expectation.judgesBody(of: 429))
        let verdict = ResponseJudge(withoutBodies: expectation).verdict(on: Response(status: 429))
        #expect(Self.word(verdict) == "degraded status")
    }

    static let own = "10.0.0.7:9095"

    /// What `/ready` of Loki and Tempo says in its 503, who the server is, and what is to be made of it.
    static let notices: [(body: String, ring: String?, word: String)] = [
        ("Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout\n", nil, "degraded peer"),
        ("Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout\n", own, "degraded peer"),
        ("Ingester not ready: instance 10.0.0.7:9095 past heartbeat timeout\n", own, "down status"),
        ("Ingester not ready: instance 10.0.0.7:9095 past heartbeat timeout\n", "10.0.0.7", "down status"),
        ("Ingester not ready: instance 10.0.0.8:9095 in state PENDING\n", own, "degraded peer"),
        ("Ingester not ready: instance 10.0.0.8:9095 in state PENDING\n", nil, "down status"),
        ("Ingester not ready: instance 10.0.0.7:9095 in state JOINING\n", own, "down status"),
        (
            "Ingester not ready: ingester check ready failed instance [fd00::8]:9095 in state LEAVING\n", "fd00::7",
            "degraded peer"
        ),
        ("Ingester not ready: instance [fd00::7]:9095 in state LEAVING\n", "fd00::7", "down status"),
        ("Ingester not ready: waiting for 15s after being ready\n", own, "down status"),
        ("Some services are not Running:\nStarting: 5\nRunning: 11\n", own, "down status"),
        ("Some services are not Running:\nFailed: 1\nTerminated: 3\n", own, "down status"),
        ("Application is stopping\n", own, "down status"),
        ("an instance", own, "down status"), ("", own, "down status"),
    ]

    @Test(
        "A 503 that names another instance is degraded; one that is about the server itself is not", arguments: notices)
    func peers(body: String, ring: String?, word: String) throws {
        let expectation = Expectation(.only(200), tolerance: .peer(ringAddress: ring))
        #expect(try Self.word(Self.verdict(expectation, 503, body)) == word)
        #expect(try Self.word(Self.verdict(expectation, 500, body)) == "down status")
    }

    @Test("The message has the words in which the server names its peer")
    func words() throws {
        let expectation = Expectation(.only(200), tolerance: .peer(ringAddress: nil))
        let body = "Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout\n"
        #expect(
            try Self.verdict(expectation, 503, body).reason?.description
                == "answered 503 because another instance is not healthy: "
                + "\"Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout\"")
    }
}
