/// A place in a JSON document (RFC 6901): `/State/Status`, or empty for the whole document.
package struct JSONPointer: Sendable, Hashable {
    /// Names of members or indices of arrays, from the outside to the inside; unescaped.
    package let tokens: [String]

    /// nil if the text does not begin with "/", or has a "~" that is neither "~0" nor "~1".
    package init?(_ text: String) {
        guard !text.isEmpty else {
            tokens = []
            return
        }
        guard text.hasPrefix("/") else { return nil }
        var found: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let token = JSONPointer.unescape(part) else { return nil }
            found.append(token)
        }
        tokens = found
    }

    /// An array's index: digits without a leading zero.
    package static func index(_ token: String) -> Int? {
        token == "0" || !token.hasPrefix("0") ? Int(digits: token) : nil
    }

    private static func unescape(_ part: Substring) -> String? {
        var output = ""
        var isEscaped = false
        for scalar in part.unicodeScalars {
            switch (isEscaped, scalar) {
            case (true, "0"): output += "~"
            case (true, "1"): output += "/"
            case (true, _): return nil
            case (false, "~"): break
            case (false, _): output.unicodeScalars.append(scalar)
            }
            isEscaped = !isEscaped && scalar == "~"
        }
        return isEscaped ? nil : output
    }
}

extension JSONPointer: CustomStringConvertible {
    package var description: String {
        tokens.isEmpty ? "the document" : tokens.map { "/" + JSONPointer.escape($0) }.joined()
    }

    private static func escape(_ token: String) -> String {
        token.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
    }
}

/// A JSON value that can be compared: not an object and not an array.
package enum JSONScalar: Sendable, Hashable {
    case string(String)
    case number(Double)
    case bool(Bool)
    case null
}

extension JSONScalar: CustomStringConvertible {
    package var description: String {
        switch self {
        case .string(let text): "\"\(text)\""
        case .number(let value) where !value.isFinite:
            // In the words of Prometheus: JSON has none for it.
            value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf"
        case .number(let value):
            // Up to 2^53, a Double represents every integer, so it is shown as an integer.
            value.magnitude <= 9_007_199_254_740_992 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }
}
