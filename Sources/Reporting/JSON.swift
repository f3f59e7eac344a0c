import Health

/// A JSON value (RFC 8259) whose members keep their order, so that an answer begins with its verdict.
/// `JSONEncoder` can only sort them or leave them to chance.
indirect enum JSON {
    case string(String)
    /// With one decimal.
    case decimal(Double)
    case integer(Int)
    case bool(Bool)
    case array([JSON])
    case object([Member])
    /// On one line, whatever is round it.
    case line(JSON)

    struct Member {
        let name: String
        let value: JSON

        init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The text, with the outer `expanded` levels on lines of their own and the rest on one line.
    func text(expanded: Int) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(1024)
        write(to: &output, depth: 0, expanded: expanded)
        return String(decoding: output, as: UTF8.self)
    }

    // Bytes, as appending to a String costs ten times as much, and this is written anew for every check.
    private func write(to output: inout [UInt8], depth: Int, expanded: Int) {
        switch self {
        case .string(let text): JSON.write(text, to: &output)
        case .decimal(let value): JSON.write(value, to: &output)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .line(let value): value.write(to: &output, depth: depth, expanded: 0)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                JSON.separate(index, to: &output, depth, expanded)
                value.write(to: &output, depth: depth + 1, expanded: expanded - 1)
            }
            if expanded > 0, !values.isEmpty { JSON.breakLine(to: &output, depth) }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                JSON.separate(index, to: &output, depth, expanded)
                JSON.write(member.name, to: &output)
                output.append(contentsOf: ": ".utf8)
                member.value.write(to: &output, depth: depth + 1, expanded: expanded - 1)
            }
            if expanded > 0, !members.isEmpty { JSON.breakLine(to: &output, depth) }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// What stands before the item of this number.
    private static func separate(_ index: Int, to output: inout [UInt8], _ depth: Int, _ expanded: Int) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        if expanded > 0 {
            breakLine(to: &output, depth + 1)
        } else if index > 0 {
            output.append(UInt8(ascii: " "))
        }
    }

    private static func breakLine(to output: inout [UInt8], _ depth: Int) {
        output.append(UInt8(ascii: "\n"))
        for _ in 0..<depth { output.append(contentsOf: "  ".utf8) }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        if text.utf8.allSatisfy(isPlain) {
            output.append(contentsOf: text.utf8)
        } else {
            for scalar in text.unicodeScalars { write(scalar, to: &output) }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether the byte is a character that stands for itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func write(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        switch scalar {
        case "\"": output.append(contentsOf: "\\\"".utf8)
        case "\\": output.append(contentsOf: "\\\\".utf8)
        case "\n": output.append(contentsOf: "\\n".utf8)
        case "\r": output.append(contentsOf: "\\r".utf8)
        case "\t": output.append(contentsOf: "\\t".utf8)
        case _ where Printable.isControl(scalar):
            let hex = String(scalar.value, radix: 16)
            output.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
        default: output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private static func write(_ value: Double, to output: inout [UInt8]) {
        let tenths = Int((value * 10).rounded())
        output.append(contentsOf: String(tenths / 10).utf8)
        output.append(UInt8(ascii: "."))
        output.append(UInt8(ascii: "0") + UInt8(abs(tenths % 10)))
    }
}

/// An object of strings on one line, as a log has them.
package enum JSONLine {
    package static func encode(_ members: [(name: String, value: String)]) -> String {
        JSON.object(members.map { JSON.Member($0.name, .string($0.value)) }).text(expanded: 0)
    }
}
