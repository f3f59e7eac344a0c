import HTTPClient
import Health
import Judging
import Testing
import Time

/// Checks of one target in a row, whose counters may not grow.
@Suite("Counters since the last check")
struct CountersTests {
    /// One check after the other.
    private struct Checks {
        let judge: ResponseJudge
        var counters = Counters()

        init(_ expectation: Health.Expectation) throws {
            judge = try ResponseJudge(expectation)
        }

        init(_ comparisons: [Comparison] = [.increase([.atMost(0)])]) throws {
            let metric = MetricExpectation(MetricSelector(name: "failures_total"), comparisons)
            try self.init(Expectation(.only(200), body: BodyExpectation(metrics: [metric])))
        }

        mutating func next(_ body: String, status: Int = 200) -> Verdict {
            let response = Response(status: status, body: Array(body.utf8))
            return judge.verdict(on: response, at: Timestamp(milliseconds: 0), &counters)
        }

        mutating func word(_ body: String, status: Int = 200) -> String? {
            next(body, status: status).reason?.description
        }
    }

    private static func text(_ x: Int, _ y: Int) -> String {
        "failures_total{kind=\"x\"} \(x)\nfailures_total{kind=\"y\"} \(y)\n"
    }

    private static func grown(_ kind: String, _ value: Int, _ before: Int, _ now: Int) -> String {
        #"the increase of failures_total{kind="\#(kind)"} is \#(value) (from \#(before) to \#(now)), expected at most 0"#
    }

    @Test("Each series is compared with itself at the check before; a smaller one has begun anew")
    func series() throws {
        var checks = try Checks()
        #expect(checks.word(Self.text(4, 2)) == nil)
        #expect(checks.word(Self.text(4, 2)) == nil)
        #expect(checks.word(Self.text(4, 5)) == Self.grown("y", 3, 2, 5))
        #expect(checks.word(Self.text(4, 5)) == nil)
        #expect(checks.word(Self.text(0, 5)) == nil)
        #expect(checks.word(Self.text(1, 5)) == Self.grown("x", 1, 0, 1))
        #expect(checks.word(Self.text(1, 2)) == Self.grown("y", 2, 5, 2))
    }

    @Test("A series that appears counts from 0; one that comes back, from what it was")
    func comingAndGoing() throws {
        var checks = try Checks()
        #expect(checks.word("failures_total{kind=\"x\"} 4\n") == nil)
        #expect(checks.word(Self.text(4, 1)) == Self.grown("y", 1, 0, 1))
        #expect(checks.word("failures_total{kind=\"x\"} 4\n") == nil)
        #expect(checks.word(Self.text(4, 1)) == nil)
    }

    @Test(
        "A check without these metrics between two others changes nothing",
        arguments: [("oops", 500), ("<html>", 200), ("other 1\n", 200), ("failures_total x\n", 200), ("", 200)])
    func failureBetween(body: String, status: Int) throws {
        var checks = try Checks()
        #expect(checks.word(Self.text(4, 2)) == nil)
        #expect(checks.word(body, status: status) != nil)
        #expect(checks.word(Self.text(4, 3)) == Self.grown("y", 1, 2, 3))
    }

    @Test("A counter is noted even where something else is wrong with it or before it")
    func otherMismatch() throws {
        var checks = try Checks([.below(3), .increase([.atMost(0)])])
        #expect(checks.word("failures_total 1\n") == nil)
        #expect(checks.word("failures_total 5\n") == "failures_total is 5, expected below 3")
        #expect(
            checks.word("failures_total 2\n") == "the increase of failures_total is 2 (from 5 to 2), expected at most 0"
        )
        #expect(checks.word("failures_total 2\n") == nil)
    }

    @Test("A series that several expectations are about is the same for each of them")
    func overlapping() throws {
        let labelled = MetricSelector(name: "failures_total", labels: [.init(name: "kind", value: "x")])
        let expectation = BodyExpectation(metrics: [
            MetricExpectation(MetricSelector(name: "failures_total"), [.increase([.atMost(9)])]),
            MetricExpectation(labelled, [.increase([.atMost(0)])]),
        ])
        var checks = try Checks(Expectation(.only(200), body: expectation))
        #expect(checks.word(Self.text(4, 2)) == nil)
        #expect(checks.word(Self.text(5, 2)) == Self.grown("x", 1, 4, 5))
    }

    @Test("What is still degraded is told by the same increase as what is healthy")
    func degraded() throws {
        func atMost(_ count: Double) -> BodyExpectation {
            BodyExpectation(metrics: [
                MetricExpectation(MetricSelector(name: "failures_total"), [.increase([.atMost(count)])])
            ])
        }
        var checks = try Checks(
            Expectation(.only(200), body: atMost(0), tolerance: .response(.only(200), body: atMost(5))))
        func word(_ verdict: Verdict) -> String {
            switch verdict {
            case .up: "up"
            case .degraded: "degraded"
            case .down: "down"
            }
        }
        let words = [1, 1, 3, 3, 9, 9].map { word(checks.next("failures_total \($0)\n")) }
        #expect(words == ["up", "up", "degraded", "up", "down", "up"])
    }

    @Test("Series that are gone are forgotten in the end")
    func memory() throws {
        var checks = try Checks([.increase([.atLeast(0)])])
        for round in 0..<1000 {
            let body = (0..<10).map { "failures_total{pod=\"\(round)-\($0)\"} 1\n" }.joined()
            #expect(checks.word(body) == nil)
            #expect(checks.counters.count <= 2 * 10 + 100 + 10)
        }
    }
}
