/// Text from outside (an upstream, a certificate, a request), made safe for a terminal and a log line.
package enum Printable {
    /// Escapes control characters as `\n`, `\r`, `\t` or `\u{1b}`.
    /// - Parameter limit: the most that is shown, in Unicode scalars, with the escapes but without `…`, which stands for the rest.
    package static func escape(_ text: String, limit: Int = 500) -> String {
        var output = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let escaped = escaped(scalar)
            count += escaped?.utf8.count ?? 1
            guard count <= limit else { return output + "…" }
            if let escaped { output += escaped } else { output.unicodeScalars.append(scalar) }
        }
        return output
    }

    /// nil for a character that is safe.
    private static func escaped(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case _ where isControl(scalar): "\\u{\(String(scalar.value, radix: 16))}"
        default: nil
        }
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
