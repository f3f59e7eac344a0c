import Foundation
import Health
import Judging
import Testing

@Suite("Bodies, judged")
struct BodyJudgeTests {
    private static func member(_ pointer: String, _ value: JSONScalar) throws -> BodyExpectation {
        BodyExpectation(members: [.init(pointer: try #require(JSONPointer(pointer)), value: value)])
    }

    private func mismatch(_ body: String, _ expectation: BodyExpectation) throws -> String? {
        try BodyJudge(expectation).mismatch(in: Array(body.utf8))?.description
    }

    static let texts: [(body: String, BodyExpectation, String?)] = [
        ("ready\n", BodyExpectation(contained: ["ready"]), nil),
        ("", BodyExpectation(contained: [""]), nil),
        ("aab", BodyExpectation(contained: ["ab"]), nil),
        ("ready", BodyExpectation(contained: ["ready", "steady"]), #"the body does not contain "steady": "ready""#),
        ("", BodyExpectation(contained: ["ready"]), #"the body does not contain "ready": it is empty"#),
        ("read", BodyExpectation(contained: ["ready"]), #"the body does not contain "ready": "read""#),
        ("Ready!", BodyExpectation(patterns: ["(?i)^ready"]), nil),
        ("{\n  \"a\": 1\n}", BodyExpectation(patterns: [#""a":\s*1"#]), nil),
        ("no", BodyExpectation(patterns: ["^ok$"]), #"the body does not match ^ok$: "no""#),
        (
            String(repeating: "x", count: 121), BodyExpectation(patterns: ["y"]),
            "the body does not match y: \"\(String(repeating: "x", count: 120))…\""
        ),
        ("x", BodyExpectation(contained: ["x"], patterns: ["y"]), #"the body does not match y: "x""#),
    ]

    @Test("What a body contains and matches", arguments: texts)
    func text(body: String, expectation: BodyExpectation, expected: String?) throws {
        #expect(try mismatch(body, expectation) == expected)
    }

    static let documents: [(body: String, pointer: String, JSONScalar, String?)] = [
        (#"{"database": "ok"}"#, "/database", .string("ok"), nil),
        ("{\n  \"commit\": \"x\",\n  \"database\": \"ok\"\n}", "/database", .string("ok"), nil),
        (#"{"database": "failing"}"#, "/database", .string("ok"), #"/database is "failing", expected "ok""#),
        (#"{"State": {"Status": "running"}}"#, "/State/Status", .string("running"), nil),
        (#"{"State": {}}"#, "/State/Status", .string("running"), "the body has nothing at /State/Status"),
        (#"{"State": "x"}"#, "/State/Status", .string("running"), "the body has nothing at /State/Status"),
        (#"{"n": 5}"#, "/n", .number(5), nil),
        (#"{"n": 5.0}"#, "/n", .number(5), nil),
        (#"{"n": "5"}"#, "/n", .number(5), #"/n is "5", expected 5"#),
        (#"{"n": 5}"#, "/n", .string("5"), #"/n is 5, expected "5""#),
        (#"{"n": 0.25}"#, "/n", .number(1e300), "/n is 0.25, expected 1e+300"),
        (#"{"b": true}"#, "/b", .bool(true), nil),
        (#"{"b": 1}"#, "/b", .bool(true), "/b is 1, expected true"),
        (#"{"b": true}"#, "/b", .number(1), "/b is true, expected 1"),
        (#"{"x": null}"#, "/x", .null, nil),
        (#"{"x": false}"#, "/x", .null, "/x is false, expected null"),
        (#"{"x": {}}"#, "/x", .null, "/x is an object, expected null"),
        (#"{"x": []}"#, "/x", .string(""), #"/x is an array, expected """#),
        (#"[1, [2, "c"]]"#, "/1/1", .string("c"), nil),
        (#"[1, 2]"#, "/2", .number(1), "the body has nothing at /2"),
        (#"[1, 2]"#, "/01", .number(2), "the body has nothing at /01"),
        (#"[1, 2]"#, "/-", .number(2), "the body has nothing at /-"),
        (#"{"0": "name"}"#, "/0", .string("name"), nil),
        (#"{"a/b": {"m~n": 1}}"#, "/a~1b/m~0n", .number(1), nil),
        (#"{"": 1}"#, "/", .number(1), nil),
        (#""10.1.10.12:8300""#, "", .string("10.1.10.12:8300"), nil),
        (#""""#, "", .string("x"), #"the document is "", expected "x""#),
    ]

    @Test("What a JSON document has at a pointer", arguments: documents)
    func json(body: String, pointer: String, value: JSONScalar, expected: String?) throws {
        #expect(try mismatch(body, Self.member(pointer, value)) == expected)
    }

    @Test(
        "What is not JSON is a mismatch that shows what came",
        arguments: ["", "404 page not found\n", "{", "{\"a\": }", "{'a': 1}", "\u{0}", "{\"a\": 1} x"])
    func notJSON(body: String) throws {
        let found = try #require(try mismatch(body, Self.member("/a", .number(1))))
        #expect(found.hasPrefix("the body is not JSON ("))
        #expect(body.isEmpty ? found.hasSuffix("it is empty") : found.hasSuffix("\"\(body)\""), "\(found)")
    }

    @Test("Nesting is read up to 64 levels, and refused beyond; brackets in strings do not count")
    func nesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        let pointer = String(repeating: "/0", count: 64)
        #expect(try mismatch(nested(64), Self.member(pointer, .number(1))) == nil)
        #expect(try mismatch(nested(65), Self.member("/0", .null))?.contains("deeper than 64") == true)
        #expect(try mismatch(String(repeating: "{\"a\":", count: 20000), Self.member("/a", .null)) != nil)
        #expect(try mismatch("{\"\\\"\(String(repeating: "[", count: 99))\": 1}", Self.member("/x", .null)) != nil)
        #expect(try mismatch("[\"\(String(repeating: "[", count: 99))\\\"\", 7]", Self.member("/1", .number(7))) == nil)
    }

    @Test("Bytes that are not UTF-8 do not get in the way")
    func bytes() throws {
        let judge = try BodyJudge(BodyExpectation(contained: ["ok"], patterns: ["ok"]))
        #expect(judge.mismatch(in: [0xFF, 0xFE] + Array("ok".utf8)) == nil)
        #expect(try BodyJudge(Self.member("/a", .null)).mismatch(in: [0xFF, 0x00, 0xFE]) != nil)
    }

    @Test("Of several members that cannot be read, it is always the same that is told of")
    func unreadableMembers() throws {
        let judge = try BodyJudge(Self.member("", .string("ok")))
        let body =
            Array(#"{"a": ""#.utf8) + [0xFF] + Array(#"", "b": {"c": ""#.utf8) + [0xFF] + Array(#"", ""#.utf8) + [1, 0]
            + Array(#"d": 7}}"#.utf8)
        // A dictionary's order goes by where it is in memory, so what was before is kept.
        var kept: [[UInt8]] = []
        let found = Set(
            (0..<1000).map { round in
                kept.append([UInt8](repeating: 0, count: 16 + round % 200))
                return judge.mismatch(in: body)?.description
            })
        #expect(found.count == 1 && !found.contains(nil) && kept.count == 1000, "\(found)")
    }

    @Test("A pattern that is none is refused, with the reason", arguments: [("(a", "expected ')'"), ("[z-a]", "less")])
    func patterns(text: String, words: String) {
        #expect {
            try BodyJudge(BodyExpectation(patterns: [text]))
        } throws: { error in
            (error as? PatternError)?.detail.contains(words) == true
        }
    }

    @Test(
        "Pointers are read by RFC 6901",
        arguments: [
            ("", []), ("/", [""]), ("/a/b", ["a", "b"]), ("/a~1b", ["a/b"]), ("/m~0n", ["m~n"]), ("/~01", ["~1"]),
            ("a", nil), ("/~", nil), ("/~2", nil), ("#/a", nil),
        ] as [(String, [String]?)])
    func pointers(text: String, tokens: [String]?) {
        #expect(JSONPointer(text)?.tokens == tokens)
        if !text.isEmpty, let pointer = JSONPointer(text) { #expect(pointer.description == text) }
    }
}
