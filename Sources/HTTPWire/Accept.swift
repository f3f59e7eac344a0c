/// Chooses a representation by the client's Accept field (RFC 9110 §12.5.1).
package enum Accept {
    /// The media type that the client likes best; the first of those offered where it has no preference among them,
    /// or can take none: an answer it did not ask for helps it more than a 406.
    /// - Parameters:
    ///   - field: the field's value; nil or empty takes anything.
    ///   - offered: `type/subtype` in lower case, the server's own favourite first.
    package static func preferred(_ field: String?, of offered: [String]) -> Int {
        guard let field, !field.isEmpty else { return 0 }
        let ranges = field.split(separator: ",").compactMap(Range.init)
        var best = (index: 0, quality: 0)
        for (index, type) in offered.enumerated() {
            let quality = quality(of: type, ranges)
            if quality > best.quality { best = (index, quality) }
        }
        return best.index
    }

    /// A media range with its weight in thousandths.
    private struct Range {
        let type: String
        let quality: Int

        init?(_ text: Substring) {
            var parts = text.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let first = parts.first, first.contains("/") else { return nil }
            type = first
            parts.removeFirst()
            guard let weight = parts.first(where: { $0.hasPrefix("q=") }) else {
                quality = 1000
                return
            }
            guard let value = Double(weight.dropFirst(2)), (0...1).contains(value) else { return nil }
            quality = Int(value * 1000)
        }
    }

    /// The weight of the most specific range that fits (RFC 9110 §12.5.1); zero where none does.
    private static func quality(of type: String, _ ranges: [Range]) -> Int {
        let family = "\(type.prefix { $0 != "/" })/*"
        for candidate in [type, family, "*/*"] {
            if let found = ranges.first(where: { $0.type == candidate }) { return found.quality }
        }
        return 0
    }
}
