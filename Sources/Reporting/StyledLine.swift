/// A line of text with a style for each piece. It is cut and wrapped by its visible characters.
struct StyledLine: Sendable, Equatable {
    struct Piece: Sendable, Equatable {
        var text: String
        var style: Style
    }

    private var pieces: [Piece]

    init(_ pieces: [Piece]) {
        self.pieces = pieces
    }

    init(_ text: String = "", _ style: Style = .plain) {
        pieces = [Piece(text: text, style: style)]
    }

    static func + (left: StyledLine, right: StyledLine) -> StyledLine { StyledLine(left.pieces + right.pieces) }

    /// Without a line feed and without blanks at the end.
    func text(_ look: Look) -> String {
        var rest = trimmed.pieces
        if let width = look.width, rest.reduce(0, { $0 + $1.text.count }) > width {
            rest = StyledLine.cut(rest, to: width, look.ellipsis)
        }
        return rest.map { $0.style.applied(to: $0.text, look) }.joined()
    }

    static func wrap(_ text: String, _ style: Style, _ look: Look) -> [StyledLine] {
        wrap(text, after: StyledLine(), indent: 2, look).map { line in
            StyledLine(line.pieces.map { Piece(text: $0.text, style: style) })
        }
    }

    /// `text` after `first`, on as many lines as needed; further lines are indented by `indent` blanks.
    static func wrap(_ text: String, after first: StyledLine, indent: Int, _ look: Look) -> [StyledLine] {
        // If the terminal is very narrow, it may wrap the line itself.
        guard let width = look.width, width >= indent + 20 else { return [first + StyledLine(text)] }
        var lines = [""]
        var room = width - first.width
        for word in text.split(separator: " ").flatMap({ pieces(of: String($0), width - indent) }) {
            let last = lines.removeLast()
            let line = last.isEmpty ? word : "\(last) \(word)"
            if line.count <= room {
                lines.append(line)
            } else {
                lines += [last, word]
                room = width - indent
            }
        }
        let margin = StyledLine(String(repeating: " ", count: indent))
        return lines.enumerated().map { index, line in (index == 0 ? first : margin) + StyledLine(line) }
    }

    private var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

    private var trimmed: StyledLine {
        var copy = self
        while let last = copy.pieces.indices.last {
            while copy.pieces[last].text.last == " " { copy.pieces[last].text.removeLast() }
            guard copy.pieces[last].text.isEmpty else { break }
            copy.pieces.removeLast()
        }
        return copy
    }

    private static func cut(_ pieces: [Piece], to width: Int, _ ellipsis: String) -> [Piece] {
        var room = max(0, width - ellipsis.count)
        var kept: [Piece] = []
        for piece in pieces {
            let text = String(piece.text.prefix(room))
            kept.append(Piece(text: text, style: piece.style))
            room -= text.count
            if text != piece.text { break }
        }
        return kept + [Piece(text: String(ellipsis.prefix(width)), style: .plain)]
    }

    /// Splits a word that is longer than a line.
    private static func pieces(of word: String, _ width: Int) -> [String] {
        var (rest, pieces) = (word, [String]())
        while rest.count > width {
            let piece = String(rest.prefix(width))
            pieces.append(piece)
            rest.removeFirst(piece.count)
        }
        return pieces + [rest]
    }
}
