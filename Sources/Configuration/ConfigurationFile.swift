/// The configuration file as it was read, before it is interpreted.
struct ConfigurationFile {
    let name: String
    /// Reads the files that this one names.
    let files: Files
    /// nil if it is empty or cannot be read.
    let root: YAMLNode?
    let mistakes: Mistakes
    private let text: String

    /// - Parameter name: its path as given by the user.
    init(_ name: String, environment: [String: String], files: Files) {
        self.name = name
        self.files = files
        mistakes = Mistakes(file: name)
        switch files.read(name) {
        case .failure(let failure):
            root = nil
            text = ""
            mistakes.add(failure.problem)
        case .success(let bytes):
            let (root, problems) = YAMLReader.read(bytes, environment: environment)
            self.root = root
            text = String(decoding: bytes, as: UTF8.self)
            for problem in problems { mistakes.add(problem.problem, at: problem.position) }
        }
    }

    /// Paths in the file are relative to the file.
    func path(_ text: String) -> String {
        guard !text.hasPrefix("/"), let slash = name.lastIndex(of: "/") else { return text }
        return name[...slash] + text
    }

    func place(_ position: Position) -> String { "\(name):\(position)" }

    /// Whether the file uses this environment variable.
    func uses(variable: String) -> Bool {
        text.contains("${\(variable)}") || text.contains("${\(variable):-")
    }
}

/// Collects the mistakes in a file.
final class Mistakes {
    private let file: String
    private(set) var all: [ConfigurationMistake] = []

    init(file: String) {
        self.file = file
    }

    /// - Parameters:
    ///   - position: nil for the file as a whole.
    ///   - value: the written text, if the mistake is in a value.
    func add(_ problem: String, at position: Position? = nil, path: String = "", value: String? = nil) {
        let place = position.map { "\(file):\($0)" } ?? file
        all.append(
            ConfigurationMistake(
                place: path, value: value.map { String($0.prefix(200)) }, problem: problem,
                origin: .file(place: place), position: position))
    }
}

/// A mapping in the file whose keys are known.
struct Section<Key: RawRepresentable & CaseIterable & Hashable> where Key.RawValue == String {
    let path: String
    let position: Position
    private let entries: [Key: YAMLNode]
    private let mistakes: Mistakes

    /// nil if the node is not a mapping. Unknown keys are mistakes.
    init?(_ node: YAMLNode, path: String, _ mistakes: Mistakes) {
        guard let found = node.mapping(path: path, mistakes) else { return nil }
        self.path = path
        self.mistakes = mistakes
        position = node.position
        let known = Key.allCases.map(\.rawValue)
        var entries: [Key: YAMLNode] = [:]
        for (name, position, value) in found {
            if let key = Key(rawValue: name) {
                entries[key] = value
            } else {
                mistakes.refuse(key: name, at: position, path: path, known: known)
            }
        }
        self.entries = entries
    }

    subscript(key: Key) -> YAMLNode? { entries[key] }

    func path(_ key: Key) -> String { "\(path).\(key.rawValue)" }

    /// The text of a key; nil if the key is missing or has no single value, which is a mistake.
    func text(_ key: Key) -> String? {
        self[key]?.text(path: path(key), mistakes)
    }

    /// The valid value of a key; nil if the key is missing or its value is invalid, which is a mistake.
    /// - Parameter shown: the text to show in a message; nil for a secret.
    func value<Value>(
        _ key: Key, shown: (String) -> String? = { $0 }, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        self[key]?.value(path: path(key), mistakes, shown: shown, parse)
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: Key) -> Word? {
        value(key) { text throws(ValueError) in try Word(word: text) }
    }
}

extension Mistakes {
    func refuse(key: String, at position: Position, path: String, known: [String]) {
        let hint = NearestName.of(key, among: known).map { "did you mean \($0)?" }
        add(
            "is not a known key; \(hint ?? "known keys: \(known.joined(separator: ", "))")", at: position,
            path: path.isEmpty ? key : "\(path).\(key)")
    }
}

extension YAMLNode {
    /// The entries of a mapping with text keys; anything else is a mistake.
    func mapping(path: String, _ mistakes: Mistakes) -> [(name: String, position: Position, value: YAMLNode)]? {
        if case .unfilled = content { return nil }
        guard case .mapping(let entries) = content else {
            mistakes.add("is \(kind), not a mapping", at: position, path: path)
            return nil
        }
        return entries.compactMap { key, value in
            if case .unfilled = key.content { return nil }
            guard case .scalar(let name, _) = key.content else {
                mistakes.add("has a key that is \(key.kind)", at: key.position, path: path)
                return nil
            }
            return (name, key.position, value)
        }
    }

    var isEmptyList: Bool {
        if case .sequence(let nodes) = content { nodes.isEmpty } else { false }
    }

    var isEmptyMapping: Bool {
        if case .mapping(let entries) = content { entries.isEmpty } else { false }
    }

    /// The text of a single value; anything else is a mistake.
    func text(path: String, _ mistakes: Mistakes) -> String? {
        switch content {
        case .scalar(let text, _): return isNull ? "" : text
        case .unfilled: return nil
        case .sequence, .mapping:
            mistakes.add("is \(kind), not one value", at: position, path: path)
            return nil
        }
    }

    /// A single valid value; anything else is a mistake.
    /// - Parameter shown: the text to show in a message; nil for a secret.
    func value<Value>(
        path: String, _ mistakes: Mistakes, shown: (String) -> String? = { $0 },
        _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        guard let text = text(path: path, mistakes) else { return nil }
        do {
            return try parse(text)
        } catch {
            mistakes.add(error.problem, at: position, path: path, value: shown(text))
            return nil
        }
    }

    /// The elements of a list. A single value counts as a list of one.
    var elements: [YAMLNode] {
        if case .sequence(let nodes) = content { nodes } else { [self] }
    }
}
