/// Text from outside (an upstream, a certificate, a request), made safe for a terminal and a log line.
package enum Printable {
    /// Escapes control characters as `\n`, `\r`, `\t` or `\u{1b}`, and cuts the text at `limit` characters.
    package static func escape(_ text: String, limit: Int = 500) -> String {
        var output = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            guard index < limit else { return output + "…" }
            switch scalar {
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where isControl(scalar): output += "\\u{\(String(scalar.value, radix: 16))}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    /// The first line of `text`, escaped.
    package static func firstLine(of text: String, limit: Int) -> String {
        escape(String(text.prefix { !$0.isNewline }), limit: limit)
    }

    /// C0, DEL and C1, line separators, and characters that change the direction of writing.
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
