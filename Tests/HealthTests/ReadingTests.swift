import HTTPClient
import Health
import Testing

@Suite("What is read of a response")
struct ReadingTests {
    private static let url = URL(scheme: .http, host: "a", port: 80, target: "/")

    private static func reading(_ expectation: Health.Expectation) -> Request.Reading? {
        let target = Target(id: "a", probe: .http(Request(url), expectation), timeout: .seconds(1))
        guard case .http(let request, _) = target.probe else { return nil }
        return request.reading
    }

    private static func metrics(_ names: String...) -> [MetricExpectation] {
        names.map { MetricExpectation(MetricSelector(name: $0), [.exists(true)]) }
    }

    private static func lines(_ names: String...) -> Request.Reading.Body {
        .lines(beginningWith: ["# EOF"] + names, orElse: ResponseWords.keptBody)
    }

    @Test("Of metrics, only the lines are kept that are asked for, unless the whole body is asked for as well")
    func metricsAlone() throws {
        let alone = try #require(Self.reading(.init(.only(200), body: .init(metrics: Self.metrics("b", "a", "b")))))
        #expect(alone.body(of: 200) == Self.lines("a", "b"))
        #expect(alone.body(of: 503) == .beginning(ResponseWords.keptBody))
        let both = BodyExpectation(contained: ["x"], metrics: Self.metrics("a"))
        #expect(Self.reading(.init(.only(200), body: both))?.body(of: 200) == .whole(kept: .max))
    }

    @Test("If fields are judged, the head must be complete; if only the status is judged, it need not be")
    func fields() {
        let field = FieldExpectation("X-Maintenance", [.exists(false)])
        #expect(Self.reading(.init(.only(200)))?.body(of: 200) == Request.Reading.Body.none)
        #expect(Self.reading(.init(.only(200), fields: [field]))?.body(of: 200) == .beginning(0))
    }

    @Test("What is still degraded is read with what is healthy")
    func tolerated() throws {
        func body(
            _ body: BodyExpectation?, _ tolerated: BodyExpectation, of status: Int
        ) -> Request.Reading.Body? {
            let statuses = StatusSet(200...299)
            let expectation = Health.Expectation(
                .only(200), body: body, tolerance: .response(statuses, body: tolerated))
            return Self.reading(expectation)?.body(of: status)
        }
        let (a, b) = (BodyExpectation(metrics: Self.metrics("a")), BodyExpectation(metrics: Self.metrics("b")))
        #expect(body(a, b, of: 200) == Self.lines("a", "b"))
        #expect(body(a, b, of: 299) == Self.lines("a", "b"))
        #expect(body(nil, b, of: 200) == Self.lines("b"))
        #expect(body(a, BodyExpectation(contained: ["warn"]), of: 200) == .whole(kept: .max))
    }
}
