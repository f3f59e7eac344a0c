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
    case object([(name: String, value: JSON)])
    /// On one line, whatever is round it.
    case line(JSON)

    /// The text, with the outer `expanded` levels on lines of their own and the rest on one line.
    func text(expanded: Int) -> String {
        var output = ""
        write(to: &output, indent: "", expanded: expanded)
        return output
    }

    private func write(to output: inout String, indent: String, expanded: Int) {
        switch self {
        case .string(let text): JSON.write(text, to: &output)
        case .decimal(let value): output += JSON.decimal(value)
        case .integer(let value): output += String(value)
        case .bool(let value): output += value ? "true" : "false"
        case .line(let value): value.write(to: &output, indent: indent, expanded: 0)
        case .array(let values):
            JSON.write(values, "[", "]", to: &output, indent, expanded) { value, output, indent in
                value.write(to: &output, indent: indent, expanded: expanded - 1)
            }
        case .object(let members):
            JSON.write(members, "{", "}", to: &output, indent, expanded) { member, output, indent in
                JSON.write(member.name, to: &output)
                output += ": "
                member.value.write(to: &output, indent: indent, expanded: expanded - 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ open: String, _ close: String, to output: inout String, _ indent: String, _ expanded: Int,
        item write: (Item, inout String, String) -> Void
    ) {
        let inner = indent + "  "
        let onLines = expanded > 0 && !items.isEmpty
        output += open
        for (index, item) in items.enumerated() {
            if index > 0 { output += onLines ? "," : ", " }
            if onLines { output += "\n" + inner }
            write(item, &output, inner)
        }
        if onLines { output += "\n" + indent }
        output += close
    }

    private static func write(_ text: String, to output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where Printable.isControl(scalar):
                let hex = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}

/// An object of strings on one line, as a log has them.
package enum JSONLine {
    package static func encode(_ members: [(name: String, value: String)]) -> String {
        JSON.object(members.map { ($0.name, .string($0.value)) }).text(expanded: 0)
    }
}
