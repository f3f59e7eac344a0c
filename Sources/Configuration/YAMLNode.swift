/// A value in a YAML document, with its place: aliases and merge keys resolved, variables filled in.
struct YAMLNode {
    indirect enum Content {
        /// - Parameter isPlain: without quotes, so that `5` is a number and `"5"` is text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
        /// One value, of which a variable is missing: that is noted, and nothing else need be said of it.
        case unfilled
    }

    let content: Content
    let position: Position
    /// How many nodes there are from here on, each as often as aliases repeat it.
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

    /// One of YAML's ways to write nothing.
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

/// A place in a text, both counted from 1: the column in characters.
package struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    package var description: String { "\(line):\(column)" }
}

/// Something wrong in a document.
struct YAMLProblem: Error, Equatable {
    let position: Position
    let problem: String
}
