/// Columns that are aligned by spaces. A character counts as one column: names are ASCII, and other text is in the
/// last column.
package enum Table {
    /// Lines end with a line feed, without blanks before it.
    package static func text(_ rows: [[String]]) -> String {
        lines(rows.map { $0.map { StyledLine.Piece(text: $0, style: .plain) } })
            .map { $0.text(.plain) + "\n" }
            .joined()
    }

    static func lines(_ rows: [[StyledLine.Piece]]) -> [StyledLine] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0
        }
        return rows.map { row in
            StyledLine(
                zip(row, widths).flatMap { cell, width in
                    // Spaces are not underlined or coloured.
                    let spaces = String(repeating: " ", count: width + 2 - cell.text.count)
                    return [cell, StyledLine.Piece(text: spaces, style: .plain)]
                })
        }
    }
}
