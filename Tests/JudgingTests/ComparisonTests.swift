import HTTPClient
import Health
import Judging
import Testing
import Time

@Suite("Comparisons")
struct ComparisonTests {
    private static func pointer(_ text: String) throws -> JSONPointer { try #require(JSONPointer(text)) }

    private static func member(_ text: String, _ comparison: Comparison) throws -> BodyExpectation.Member {
        try BodyExpectation.Member(pointer: pointer(text), [comparison])
    }

    private static let ring = #"{"shards": [{"id": "a", "state": "ACTIVE"}, {"id": "b", "state": "UNHEALTHY"}]}"#

    static let documents: [(body: String, pointer: String, Comparison, String?)] = [
        (#"{"n": 3}"#, "/n", .atLeast(3), nil),
        (#"{"n": 2.5}"#, "/n", .atLeast(3), "/n is 2.5, expected at least 3"),
        (#"{"n": 3}"#, "/n", .atMost(3), nil),
        (#"{"n": 4}"#, "/n", .atMost(3), "/n is 4, expected at most 3"),
        (#"{"n": 3}"#, "/n", .above(3), "/n is 3, expected above 3"),
        (#"{"n": 3}"#, "/n", .below(3), "/n is 3, expected below 3"),
        (#"{"n": "3"}"#, "/n", .below(5), #"/n is "3", expected below 5"#),
        (#"{}"#, "/n", .below(5), "/n is not there, expected below 5"),
        (#"{"n": 3}"#, "/n", .differs(.number(3)), "/n is 3, expected not 3"),
        (#"{"n": "x"}"#, "/n", .differs(.number(3)), nil),
        (#"{}"#, "/n", .differs(.number(3)), "/n is not there, expected not 3"),
        (#"{"n": null}"#, "/n", .exists(true), nil),
        (#"{}"#, "/n", .exists(true), "/n is not there, expected something there"),
        (#"{}"#, "/n", .exists(false), nil),
        (#"{"n": {}}"#, "/n", .exists(false), "/n is an object, expected nothing there"),
        (#"{"s": "abc"}"#, "/s", .contains("b"), nil),
        (#"{"s": "abc"}"#, "/s", .lacks("b"), #"/s is "abc", expected no "b" in it"#),
        (ring, "/shards", .count([.atLeast(2), .below(3)]), nil),
        (ring, "/shards", .count([.equals(.number(3))]), "the number of elements at /shards is 2, expected 3"),
        (ring, "/shards/0", .count([.atLeast(1)]), "/shards/0 is an object, expected a count of at least 1"),
        (#"{"a": [1, 2, 3]}"#, "/a", .count([.above(2)]), nil), (#"[]"#, "", .count([.atMost(0)]), nil),
    ]

    @Test("What a JSON value must be; a message has the value that was found", arguments: documents)
    func json(body: String, pointer: String, comparison: Comparison, expected: String?) throws {
        let expectation = try BodyExpectation(members: [Self.member(pointer, comparison)])
        #expect(try BodyJudge(expectation).mismatch(in: Array(body.utf8))?.description == expected)
    }

    @Test("Every element of an array must be so, or none may be")
    func elements() throws {
        func mismatch(_ comparison: Comparison, _ body: String = Self.ring, _ pointer: String = "/shards") throws
            -> String?
        {
            let expectation = try BodyExpectation(members: [Self.member(pointer, comparison)])
            return try BodyJudge(expectation).mismatch(in: Array(body.utf8))?.description
        }
        let active = try Self.member("/state", .equals(.string("ACTIVE")))
        #expect(
            try mismatch(.everyElement([active])) == #"/shards/1/state is "UNHEALTHY", expected "ACTIVE""#)
        let named = try Self.member("/id", .exists(true))
        #expect(try mismatch(.everyElement([named])) == nil)
        let unhealthy = try Self.member("/state", .equals(.string("UNHEALTHY")))
        #expect(
            try mismatch(.noElement([unhealthy]))
                == #"/shards/1/state is "UNHEALTHY", expected no element with "UNHEALTHY" at /state"#)
        // All of it must be so.
        let other = try Self.member("/id", .equals(.string("a")))
        #expect(try mismatch(.noElement([unhealthy, other])) == nil)
        let positive = try Self.member("", .above(0))
        #expect(try mismatch(.everyElement([positive]), "[1, 0]", "") == "the document/1 is 0, expected above 0")
        #expect(try mismatch(.everyElement([positive]), "{}", "")?.hasPrefix("the document is an object") == true)
        #expect(try mismatch(.everyElement([positive]), "[]", "") == nil)
    }

    @Test("A body may not contain what it shall lack")
    func lacks() throws {
        let judge = try BodyJudge(BodyExpectation(contained: ["ok"], lacked: ["error", "fail"]))
        #expect(judge.mismatch(in: Array("ok".utf8)) == nil)
        #expect(
            judge.mismatch(in: Array("ok, but fail".utf8))?.description
                == #"the body contains "fail": "ok, but fail""#)
    }

    @Test("Fields of a response are compared, whatever the case of their names")
    func fields() throws {
        let expectation = Health.Expectation(
            .only(200),
            fields: [
                FieldExpectation("Content-Type", [.contains("json"), .lacks("html")]),
                FieldExpectation("Server", [.exists(false)]),
            ])
        func word(_ fields: [Field]) -> String? {
            ResponseJudge(withoutBodies: expectation).verdict(on: Response(status: 200, fields: fields)).reason
                .map { "\($0.code): \($0)" }
        }
        let type = Field(name: "content-type", value: "application/json")
        #expect(word([type]) == nil)
        #expect(
            word([Field(name: "Content-Type", value: "text/html")])
                == #"header: Content-Type is "text/html", expected "json" in it"#)
        #expect(word([]) == #"header: Content-Type is not there, expected "json" in it"#)
        #expect(word([type, Field(name: "Server", value: "x")]) == #"header: Server is "x", expected nothing there"#)
    }
}

@Suite("Metrics of an upstream")
struct MetricsTests {
    private static let body = """
        # HELP loki_ring_members Number of members in the ring
        # TYPE loki_ring_members gauge
        loki_ring_members{name="ingester",state="ACTIVE"} 3
        loki_ring_members{name="ingester",state="Unhealthy"} 1 1395066363000
        loki_ring_members{name="a \\"b\\", c",state="Unhealthy",} 0
        loki_ring_members_total 7
        wal_usage 0.1028
        free_bytes{disk="/"}\t1.5e+09
        nothing NaN
        failures_total{kind="x"} 4
        failures_total{kind="y"} 2\r

        """

    private static func word(_ selector: MetricSelector, _ comparisons: [Comparison]) throws -> String? {
        let expectation = BodyExpectation(metrics: [MetricExpectation(selector, comparisons)])
        return try BodyJudge(expectation).mismatch(in: Array(body.utf8))?.description
    }

    private static func label(_ name: String, _ value: String) -> MetricSelector.Label {
        MetricSelector.Label(name: name, value: value)
    }

    @Test("All series that a selector stands for are compared, and there must be one")
    func series() throws {
        let unhealthy = MetricSelector(
            name: "loki_ring_members", labels: [Self.label("state", "Unhealthy"), Self.label("name", "ingester")])
        #expect(
            try Self.word(unhealthy, [.atMost(0)])
                == #"loki_ring_members{name="ingester",state="Unhealthy"} is 1, expected at most 0"#)
        #expect(try Self.word(unhealthy, [.equals(.number(1))]) == nil)
        let quoted = MetricSelector(name: "loki_ring_members", labels: [Self.label("name", #"a "b", c"#)])
        #expect(try Self.word(quoted, [.equals(.number(0))]) == nil)
        #expect(try Self.word(MetricSelector(name: "loki_ring_members"), [.above(0)]) != nil)
        #expect(try Self.word(MetricSelector(name: "wal_usage"), [.below(0.9), .above(0)]) == nil)
        #expect(
            try Self.word(MetricSelector(name: "wal_usage"), [.below(0.1)]) == "wal_usage is 0.1028, expected below 0.1"
        )
        #expect(try Self.word(MetricSelector(name: "free_bytes"), [.atLeast(1.5e9)]) == nil)
        #expect(try Self.word(MetricSelector(name: "nothing"), [.atLeast(0)]) == "nothing is nan, expected at least 0")
        #expect(try Self.word(MetricSelector(name: "wal"), [.atLeast(0)]) == "the body has no metric wal")
        #expect(try Self.word(MetricSelector(name: "wal"), [.exists(false)]) == nil)
        #expect(
            try Self.word(MetricSelector(name: "wal_usage"), [.exists(false)])
                == "wal_usage is 0.1028, expected nothing there")
    }

    @Test("A counter is compared with the check before, each series for itself; a smaller one has begun anew")
    func increase() throws {
        let expectation = BodyExpectation(
            metrics: [MetricExpectation(MetricSelector(name: "failures_total"), [.increase([.atMost(0)])])])
        let judge = try ResponseJudge(Health.Expectation(.only(200), body: expectation))
        var counters: [String: Double] = [:]
        func word(_ x: Int, _ y: Int) -> String? {
            let text = "failures_total{kind=\"x\"} \(x)\nfailures_total{kind=\"y\"} \(y)\n"
            return judge.verdict(
                on: Response(status: 200, body: Array(text.utf8)), at: Timestamp(milliseconds: 0), &counters
            ).reason?.description
        }
        #expect(word(4, 2) == nil)
        #expect(word(4, 2) == nil)
        #expect(word(4, 5) == #"the increase of failures_total{kind="y"} is 3, expected at most 0"#)
        #expect(word(4, 5) == nil)
        #expect(word(0, 5) == nil)
        #expect(word(1, 5) == #"the increase of failures_total{kind="x"} is 1, expected at most 0"#)
    }

    @Test("What is no sample is passed over, wherever the text is cut off")
    func cut() throws {
        let expectation = BodyExpectation(
            metrics: [MetricExpectation(MetricSelector(name: "loki_ring_members"), [.atLeast(0)])])
        let judge = try BodyJudge(expectation)
        let bytes = Array(Self.body.utf8)
        for end in bytes.indices {
            let mismatch = judge.mismatch(in: Array(bytes[..<end]))
            #expect(mismatch == nil || mismatch == .noMetric(MetricSelector(name: "loki_ring_members")))
        }
    }
}
