/// `name=value&name=value`, as in forms; a name without "=" has an empty value.
package enum Query {
    /// The decoded values of that name, in order.
    package static func values(of name: String, in query: String?) -> [String] {
        guard let query else { return [] }
        return query.split(separator: "&").compactMap { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, PercentEncoding.decode(first) == name else { return nil }
            return parts.count == 2 ? PercentEncoding.decode(parts[1]) : ""
        }
    }
}

/// RFC 3986 §2.1.
package enum PercentEncoding {
    /// Invalid UTF-8 is replaced by U+FFFD; bytes without percent-encoding stay as they are.
    package static func decode(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var decoded: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(Grammar.hexValue),
                let low = rest.dropFirst().first.flatMap(Grammar.hexValue)
            {
                decoded.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
