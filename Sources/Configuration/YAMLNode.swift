/// A node of a YAML document with its position. Aliases, merge keys and variables are resolved.
struct YAMLNode {
    indirect enum Content {
        /// - Parameter isPlain: without quotes, so that `5` is a number and `"5"` is text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
        /// A value with a missing variable, which is reported already.
        case unfilled
    }

    let content: Content
    let position: Position
    /// The number of nodes in this tree; aliases count each time.
    let weight: Int

    init(_ content: Content, at position: Position) {
        self.content = content
        self.position = position
        weight =
            switch content {
            case .scalar, .unfilled: 1
            case .sequence(let nodes): nodes.reduce(1) { $0 + $1.weight }
            case .mapping(let entries): entries.reduce(1) { $0 + $1.key.weight + $1.value.weight }
            }
    }

    /// Whether it is one of YAML's notations for null.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null"].contains(text)
    }

    var kind: String {
        switch content {
        case .scalar, .unfilled: isNull ? "empty" : "one value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A position in a text. Line and column begin at 1; the column counts characters.
package struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    package var description: String { "\(line):\(column)" }
}

/// A mistake in a document.
struct YAMLProblem: Error, Equatable {
    let position: Position
    let problem: String
}
