/// Fills `${NAME}` and `${NAME:-default}` from the environment, as compose does; `$${` stands for `${`.
struct Variables {
    private let environment: [String: String]
    private let text: [UInt8]
    /// Of the text, computed after the first mistake: it is needed for the position.
    private lazy var lines = String(decoding: text, as: UTF8.self).unicodeScalars
        .split(separator: "\n", omittingEmptySubsequences: false)

    /// - Parameter text: the file, to find the position of a variable.
    init(_ environment: [String: String], in text: [UInt8]) {
        self.environment = environment
        self.text = text
    }

    /// - Returns: the text, and the mistakes in its variables.
    mutating func fill(_ text: String, at start: Position) -> (String, [YAMLProblem]) {
        guard text.contains("${") else { return (text, []) }
        var output = ""
        var problems: [YAMLProblem] = []
        var rest = text[...]
        while let range = rest.firstRange(of: "${") {
            let before = rest[..<range.lowerBound]
            rest = rest[range.upperBound...]
            if before.last == "$" {
                output += before.dropLast() + "${"
                continue
            }
            output += before
            let body = rest.prefix { $0 != "}" }
            do throws(Mistake) {
                guard body.endIndex < rest.endIndex else { throw Mistake(shown(body), "has no } at its end") }
                output += try value(body)
            } catch {
                let position = place(of: error.text, from: start)
                problems.append(YAMLProblem(position: position, problem: "\(error.text) \(error.problem)"))
            }
            rest = rest[body.endIndex...].dropFirst()
        }
        return (output + rest, problems)
    }

    private struct Mistake: Error {
        /// In its written form.
        let text: String
        let problem: String

        init(_ text: String, _ problem: String) {
            self.text = text
            self.problem = problem
        }
    }

    /// The likely variable if its closing brace is missing.
    private func shown(_ body: Substring) -> String {
        "${\(body.prefix { !$0.isWhitespace })"
    }

    private func value(_ body: Substring) throws(Mistake) -> String {
        let name = String(body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        let rest = body.dropFirst(name.count)
        guard let first = name.first, !first.isNumber, rest.isEmpty || rest.hasPrefix(":-"), !rest.contains("${")
        else {
            throw Mistake("${\(body)}", "is not ${NAME} or ${NAME:-default}")
        }
        let found = environment[name]
        if rest.isEmpty {
            guard let found else { throw Mistake("${\(name)}", "is not set, and has no default: ${\(name):-default}") }
            return found
        }
        return found.flatMap { $0.isEmpty ? nil : $0 } ?? String(rest.dropFirst(2))
    }

    /// The position in the file: a value may span several lines, and begins where libyaml says.
    private mutating func place(of text: String, from start: Position) -> Position {
        for line in start.line...max(start.line, lines.count) where line <= lines.count {
            let skipped = line == start.line ? start.column - 1 : 0
            let scalars = lines[line - 1]
            guard let range = scalars.dropFirst(skipped).firstRange(of: text.unicodeScalars) else { continue }
            return Position(
                line: line, column: scalars.distance(from: scalars.startIndex, to: range.lowerBound) + 1)
        }
        return start
    }
}
