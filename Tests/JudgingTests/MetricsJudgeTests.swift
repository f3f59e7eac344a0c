import HTTPClient
import Health
import Judging
import Testing

@Suite("Metrics of an upstream")
struct MetricsTests {
    private static let body = """
        # HELP loki_ring_members Number of members in the ring
        # TYPE loki_ring_members gauge
        loki_ring_members{name="ingester",state="ACTIVE"} 3
        loki_ring_members{name="ingester",state="Unhealthy"} 1 1395066363000
        loki_ring_members{name="a \\"b\\", c",state="Unhealthy",} 0
        loki_ring_members_total 7
        escaped{x="y",a="\\\\ \\" \\n b"} 1
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
        let escaped = MetricSelector(name: "escaped", labels: [Self.label("a", "\\ \" \n b")])
        #expect(try Self.word(escaped, [.equals(.number(1))]) == nil)
        let other = MetricSelector(name: "escaped", labels: [Self.label("a", "\\ \" \n ")])
        #expect(try Self.word(other, [.exists(false)]) == nil)
        #expect(try Self.word(MetricSelector(name: "loki_ring_members"), [.above(0)]) != nil)
        #expect(try Self.word(MetricSelector(name: "wal_usage"), [.below(0.9), .above(0)]) == nil)
        #expect(
            try Self.word(MetricSelector(name: "wal_usage"), [.below(0.1)]) == "wal_usage is 0.1028, expected below 0.1"
        )
        #expect(try Self.word(MetricSelector(name: "free_bytes"), [.atLeast(1.5e9)]) == nil)
        #expect(try Self.word(MetricSelector(name: "nothing"), [.atLeast(0)]) == "nothing is NaN, expected at least 0")
        #expect(try Self.word(MetricSelector(name: "wal"), [.atLeast(0)]) == "the body has no metric wal")
        #expect(try Self.word(MetricSelector(name: "wal"), [.exists(false)]) == nil)
        #expect(
            try Self.word(MetricSelector(name: "wal_usage"), [.exists(false)])
                == "wal_usage is 0.1028, expected nothing there")
    }

    @Test(
        "Lines as servers send them",
        arguments: [
            ("a 1", nil), ("  a\t1", nil), ("a{} 1", nil), (#"a{x="}",y="\\\"\n",}1 2"#, nil),
            ("a 1 1395066363000", nil),
            ("a 1 1520879607.789", nil), (#"a{le="+Inf"} 1 # {trace_id="KO"} 0.67 1520879607.789"#, nil),
            ("a 1 # {} 1", nil), ("a 1e0\r", nil), ("# a\na_total 5\na:b 5\na 1", nil), ("a 0x1p0", nil),
            ("a 2", "a is 2, expected 1"), ("a +Inf", "a is +Inf, expected 1"), ("a -Inf", "a is -Inf, expected 1"),
            ("a NaN", "a is NaN, expected 1"), (#"a{b="é"} 2"#, #"a{b="é"} is 2, expected 1"#),
            ("", "the body has no metric a"), ("# HELP a\n", "the body has no metric a"),
            ("a_total 1", "the body has no metric a"), ("b 1\n", "the body has no metric a"),
            ("a x", #"a line of the metrics cannot be read: "a x""#),
            ("a", #"a line of the metrics cannot be read: "a""#),
            ("a=1", #"a line of the metrics cannot be read: "a=1""#),
            (#"a{b="c 1"#, #"a line of the metrics cannot be read: "a{b="c 1""#),
            (#"a{b="c\"#, #"a line of the metrics cannot be read: "a{b="c\""#),
            (#"a{b=c} 1"#, #"a line of the metrics cannot be read: "a{b=c} 1""#),
            (#"a{="c"} 1"#, #"a line of the metrics cannot be read: "a{="c"} 1""#),
            ("a 1 x", #"a line of the metrics cannot be read: "a 1 x""#),
            ("a 1 2 3", #"a line of the metrics cannot be read: "a 1 2 3""#),
            ("a 1\na x", #"a line of the metrics cannot be read: "a x""#),
            ("<html>", #"the body is not metrics in Prometheus' text format: "<html>""#),
            (#"{"a": 1}"#, #"the body is not metrics in Prometheus' text format: "{"a": 1}""#),
            ("not found\n", "the body is not metrics in Prometheus' text format: \"not found\""),
        ])
    func lines(body: String, mismatch: String?) throws {
        let expectation = BodyExpectation(
            metrics: [MetricExpectation(MetricSelector(name: "a"), [.equals(.number(1))])])
        #expect(try BodyJudge(expectation).mismatch(in: Array(body.utf8))?.description == mismatch)
    }

    @Test("A body that is no metrics does not prove that a metric is missing")
    func login() throws {
        let absent = [MetricExpectation(MetricSelector(name: "a"), [.exists(false)])]
        let judge = try BodyJudge(BodyExpectation(metrics: absent))
        #expect(judge.mismatch(in: Array("b 1\n".utf8)) == nil)
        #expect(judge.mismatch(in: Array("Log in first\n".utf8)) != nil)
        // Of these bodies only the beginning is kept, so the first line is cut off.
        let long = String(repeating: "x", count: 2 * ResponseWords.keptBody)
        #expect(judge.mismatch(in: Array("b{c=\"\(long)\"} 1\n".utf8)) == nil)
        #expect(judge.mismatch(in: Array("b \(long)\n".utf8)) != nil)
    }

    @Test(
        "OpenMetrics that does not end with # EOF is cut off",
        arguments: [
            ("a 1\n# EOF\n", nil), ("a 1\n# EOF", nil), ("a 1\n", "cut off"), ("a 1\n# E", "cut off"), ("", "cut off"),
            ("a 1\n# EOF\nb 1\n", "cut off"), ("a 1\nb # EOF", "cut off"), ("a 2\n", "cut off"),
            ("a 2\n# EOF\n", "a is 2"), ("a 1\r\n# EOF\r\n", nil),
        ])
    func end(body: String, words: String?) throws {
        let metrics = [MetricExpectation(MetricSelector(name: "a"), [.equals(.number(1))])]
        let judge = try ResponseJudge(Health.Expectation(.only(200), body: BodyExpectation(metrics: metrics)))
        func reason(_ type: String) -> String? {
            let type = Field(name: "Content-Type", value: type)
            return judge.verdict(on: Response(status: 200, fields: [type], body: Array(body.utf8))).reason?.description
        }
        let found = reason("application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect((found == nil) == (words == nil))
        if let words { #expect(found?.contains(words) == true) }
        #expect(reason("text/plain; version=0.0.4")?.contains("cut off") != true)
    }

    @Test("A series with endless labels is named in short")
    func longNames() throws {
        let body = "a{b=\"\(String(repeating: "c", count: 5000))\"} 2"
        let metrics = [
            MetricExpectation(MetricSelector(name: "a"), [.equals(.number(1)), .increase([.atMost(0)])])
        ]
        let mismatch = try BodyJudge(BodyExpectation(metrics: metrics)).mismatch(in: Array(body.utf8))
        #expect(mismatch.map { $0.description.count < 200 } == true)
    }

    @Test("Text that is cut off anywhere has no such metric, has its values, or a last line that cannot be read")
    func cut() throws {
        let selector = MetricSelector(name: "loki_ring_members")
        let judge = try BodyJudge(BodyExpectation(metrics: [MetricExpectation(selector, [.atLeast(0)])]))
        let bytes = Array(Self.body.utf8)
        var kinds: Set<String> = []
        for end in bytes.indices {
            switch judge.mismatch(in: Array(bytes[..<end])) {
            case nil: kinds.insert("values")
            case .noMetric(selector): kinds.insert("none")
            case .unreadableMetric(let line):
                kinds.insert("unreadable")
                #expect(line.description.hasPrefix("\"loki_ring_members"))
            case let other: Issue.record("\(end): \(String(describing: other))")
            }
        }
        #expect(kinds == ["values", "none", "unreadable"])
    }

    @Test("The lines that are kept of a body are judged as all of it, wherever it was cut in two")
    func pieces() throws {
        let expectations: [(MetricSelector, [Comparison])] = [
            (MetricSelector(name: "loki_ring_members"), [.atMost(0)]), (MetricSelector(name: "wal"), [.exists(false)]),
            (MetricSelector(name: "failures_total", labels: [Self.label("kind", "y")]), [.below(3)]),
        ]
        let bytes = Array(Self.body.utf8)
        for (selector, comparisons) in expectations {
            let judge = try BodyJudge(BodyExpectation(metrics: [MetricExpectation(selector, comparisons)]))
            for cut in bytes.indices {
                var filter = LineFilter([selector.name])
                for piece in [bytes[..<cut], bytes[cut...]] { piece.withUnsafeBytes { filter.receive($0) } }
                #expect(judge.mismatch(in: filter.lines) == judge.mismatch(in: bytes))
            }
        }
    }
}
