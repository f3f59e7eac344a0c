/// How many columns of a terminal text takes.
extension Character {
    /// 0, 1 or 2: what its widest scalar takes, and 2 for what is asked to be shown as a picture (U+FE0F).
    var displayWidth: Int {
        let widest = unicodeScalars.map(\.displayWidth).max() ?? 0
        return widest > 0 && unicodeScalars.contains("\u{FE0F}") ? 2 : widest
    }
}

extension String {
    /// Of text without control characters: see `Printable`.
    package var displayWidth: Int {
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.displayWidth }
    }

    /// As many of its characters as fit.
    func prefix(displayWidth limit: Int) -> String {
        var width = 0
        return String(
            prefix { character in
                width += character.displayWidth
                return width <= limit
            })
    }

    func padded(toDisplayWidth width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - displayWidth))
    }
}

extension Unicode.Scalar {
    /// What UAX #11 calls wide or fullwidth, without what is an emoji anyway; what is unassigned in between counts with
    /// its neighbours.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4CF,
        0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]

    /// As wcwidth(3) has it, in whatever locale.
    fileprivate var displayWidth: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // The vowels and final consonants of Hangul join the syllable before them.
        if (0x1160...0x11FF).contains(value) { return 0 }
        if properties.isEmojiPresentation { return 2 }
        return Unicode.Scalar.wide.contains { $0.contains(value) } ? 2 : 1
    }
}
