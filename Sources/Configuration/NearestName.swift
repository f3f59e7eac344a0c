/// Finds the likely intended name for a misspelt one.
package enum NearestName {
    /// The known name with the fewest edits, if these are few enough.
    package static func of(_ name: String, among known: [String]) -> String? {
        let ranked = known.map { (name: $0, edits: edits(Array(name.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.edits < $1.edits }), best.edits <= max(1, name.utf8.count / 4) else {
            return nil
        }
        return best.name
    }

    /// The Levenshtein distance.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
