/// Chooses a representation by the client's Accept field (RFC 9110 §12.5.1).
package enum Accept {
    /// The media type that the client prefers. Without a preference, and if the client accepts none of them, it is
    /// the first of those offered: an unexpected format helps more than a 406.
    /// - Parameters:
    ///   - field: the field's value; nil or empty takes anything.
    ///   - offered: `type/subtype` in lower case, possibly with parameters (`;version=1.0.0`) that a range must not
    ///     contradict; the server's preference first.
    package static func preferred(_ field: String?, of offered: [String]) -> Int {
        guard let field, !field.isEmpty, field != "*/*" else { return 0 }
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
        let parameters: [Substring]
        let quality: Int

        init?(_ text: Substring) {
            let bare = text.filter { $0 != " " && $0 != "\t" && $0 != "\"" }.lowercased()
            let parts = bare.split(separator: ";", omittingEmptySubsequences: false)
            guard parts[0].contains("/") else { return nil }
            type = String(parts[0])
            parameters = parts.dropFirst().filter { !$0.hasPrefix("q=") }
            guard let weight = parts.dropFirst().first(where: { $0.hasPrefix("q=") }) else {
                quality = 1000
                return
            }
            guard let value = Double(weight.dropFirst(2)), (0...1).contains(value) else { return nil }
            quality = Int(value * 1000)
        }

        /// Whether both can be equal: a parameter that only one of them has does not count.
        func fits(_ offered: [Substring]) -> Bool {
            offered.allSatisfy { parameter in
                let name = parameter.prefix { $0 != "=" } + "="
                return parameters.first { $0.hasPrefix(name) }.map { $0 == parameter } ?? true
            }
        }
    }

    /// The weight of the most specific matching range (RFC 9110 §12.5.1); zero without one.
    private static func quality(of offered: String, _ ranges: [Range]) -> Int {
        let parts = offered.split(separator: ";")
        let type = parts[0]
        let parameters = Array(parts.dropFirst())
        let exact = ranges.filter { $0.type == type && $0.fits(parameters) }
        // The parameters of a range make it more specific only for a type with parameters.
        if let found = exact.first(where: { $0.parameters.isEmpty == parameters.isEmpty }) ?? exact.first {
            return found.quality
        }
        for candidate in ["\(type.prefix { $0 != "/" })/*", "*/*"] {
            if let found = ranges.first(where: { $0.type == candidate }) { return found.quality }
        }
        return 0
    }
}
