import HTTPClient
import Testing

@Suite("Lines that are kept")
struct LineFilterTests {
    private static func kept(_ starts: [String], _ pieces: [[UInt8]]) -> String {
        var filter = LineFilter(starts)
        for piece in pieces { piece.withUnsafeBytes { filter.receive($0) } }
        return String(decoding: filter.lines, as: UTF8.self)
    }

    static let bodies: [(body: String, starts: [String], kept: String)] = [
        ("", ["a"], ""), ("\n\n", ["a"], ""), ("a", ["a"], "a"), ("ab\nb\nac\r\n", ["a"], "ab\nac\r\n"),
        ("ab\nabc\nabcd", ["abc"], "abc\nabcd"), ("ab", ["abc"], ""), ("b a\nab\n", ["a"], "ab\n"),
        (" \t ab\n\t\nb\n", ["a"], "ab\n"), ("ab\ncd\nce", ["cd", "a"], "ab\ncd\n"),
        ("abx\nabc\nab\n", ["abc", "ab"], "abx\nabc\nab\n"), ("éa\né\na\n", ["é"], "éa\né\n"),
        ("# EOF\n#\n# EO\n", ["# EOF"], "# EOF\n"), ("aab\naaab\n", ["aab"], "aab\n"),
    ]

    @Test("Lines with a wanted beginning are kept, wherever the body is cut in two or in three", arguments: bodies)
    func lines(body: String, starts: [String], kept: String) {
        let bytes = Array(body.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
                #expect(Self.kept(starts, pieces) == kept)
            }
        }
        #expect(Self.kept(starts, bytes.map { [$0] }) == kept)
    }
}
