import HTTPClient
import Health
import Judging
import Testing

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
