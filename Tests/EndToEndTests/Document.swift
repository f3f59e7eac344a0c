import Foundation
import TestSupport

/// A Markdown document of this project, and the commands in it.
struct Document: Sendable, CustomStringConvertible {
    /// One command line, as a reader would copy it.
    struct Command: Sendable {
        let line: Int
        let text: String
        /// What the document shows it to print; nil where it shows nothing.
        var shown: [String]?

        /// The programs that it runs, such as `docker`.
        var words: [String] {
            text.split(separator: /&&|\|\|?|;/).compactMap { part in
                part.split(separator: " ").first { $0.firstMatch(of: /^[A-Z_]+=/) == nil }.map(String.init)
            }
        }
    }

    /// What stands between two fences.
    private struct Block {
        let line: Int
        let language: String
        var lines: [String] = []
    }

    /// The documents at the top of the repository, and all of docs/.
    static let all: [Document] = {
        let files = (try? Repository.files(in: "docs")) ?? []
        let top = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        return (top + files.filter { $0.hasSuffix(".md") }).map(Document.init)
    }()

    /// Relative to the project's folder.
    let path: String
    private let blocks: [Block]
    private let prose: String

    var description: String { path }

    init(_ path: String) {
        self.path = path
        let text = (try? Repository.text(path)) ?? ""
        var blocks: [Block] = []
        var prose: [String] = []
        var indent: Int?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            let bare = line.drop { $0 == " " }
            switch (indent, bare.hasPrefix("```")) {
            case (nil, true):
                indent = line.count - bare.count
                blocks.append(Block(line: index + 1, language: String(bare.dropFirst(3))))
            case (_?, true): indent = nil
            case (let indent?, false): blocks[blocks.count - 1].lines.append(String(line.dropFirst(indent)))
            case (nil, false): prose.append(line)
            }
        }
        self.blocks = blocks
        self.prose = prose.joined(separator: "\n")
    }

    var languages: Set<String> { Set(blocks.map(\.language)) }

    /// The first block of YAML that has `key` at its top.
    func yaml(with key: String) -> String? {
        blocks.first { $0.language == "yaml" && $0.lines.contains { $0.hasPrefix(key) } }?.lines.joined(separator: "\n")
    }

    /// All lines of blocks `sh`, without comments; a line that ends with `\` goes on.
    var commands: [Command] {
        blocks.filter { $0.language == "sh" }.flatMap { block in
            var commands: [Command] = []
            var isGoingOn = false
            for (index, line) in block.lines.enumerated() {
                let text = line.replacing(/(^|\s+)#\s.*$/, with: "")
                let bare = text.hasSuffix("\\") ? String(text.dropLast()) : text
                if isGoingOn, let last = commands.popLast() {
                    commands.append(Command(line: last.line, text: last.text + bare))
                } else if !bare.isEmpty {
                    commands.append(Command(line: block.line + 1 + index, text: bare))
                }
                isGoingOn = text.hasSuffix("\\")
            }
            return commands
        }
    }

    /// What stands behind `$ ` in blocks `console`, with the lines up to the next such.
    var session: [Command] {
        blocks.filter { $0.language == "console" }.flatMap { block in
            var commands: [Command] = []
            for (index, line) in block.lines.enumerated() {
                if line.hasPrefix("$ ") {
                    commands.append(Command(line: block.line + 1 + index, text: String(line.dropFirst(2)), shown: []))
                } else if !commands.isEmpty {
                    commands[commands.count - 1].shown?.append(line)
                }
            }
            return commands
        }
    }

    /// Code within sentences that begins with one of `words` and is a whole command: `…` says that it is none.
    func mentions(of words: Set<String>) -> [Command] {
        prose.matches(of: /`([^`]+)`/).compactMap { match -> Command? in
            let text = String(match.output.1).replacing(/\s+/, with: " ").replacing("\\|", with: "|")
            let parts = text.split(separator: " ")
            guard parts.count > 1, words.contains(String(parts[0])), !text.contains("…") else { return nil }
            return Command(line: 0, text: text)
        }
    }
}
