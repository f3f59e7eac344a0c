import CYAML

/// Reads one YAML document from libyaml's events, which have lines and columns.
///
/// A syntax error ends it. Other mistakes (a missing variable, a duplicate key) are collected, so that one run
/// reports all of them.
struct YAMLReader {
    static let byteLimit = 1 << 20
    static let depthLimit = 32
    /// Aliases count each time: a few lines of aliases can expand to billions of nodes.
    static let weightLimit = 200_000

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var variables: Variables
    private let bytes: [UInt8]
    private var anchors: [String: YAMLNode] = [:]
    /// The anchors of the collections that are being read.
    private var open: Set<String> = []
    private var weight = 0
    private var problems: [YAMLProblem] = []

    /// - Returns: the root of the document, nil if it is empty; and the mistakes.
    static func read(_ bytes: [UInt8], environment: [String: String]) -> (root: YAMLNode?, problems: [YAMLProblem]) {
        guard bytes.count <= byteLimit else {
            let problem = "the file is larger than \(byteLimit / 1024) KiB"
            return (nil, [YAMLProblem(position: Position(line: 1, column: 1), problem: problem)])
        }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            return (
                nil, [YAMLProblem(position: Position(line: 1, column: 1), problem: "there is no memory to read it")]
            )
        }
        defer { yaml_parser_delete(parser) }
        return bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            var reader = YAMLReader(parser: parser, bytes: bytes, variables: Variables(environment, in: bytes))
            do throws(YAMLProblem) {
                let root = try reader.document()
                return (root, reader.problems)
            } catch {
                return (nil, reader.problems + [error])
            }
        }
    }

    private init(parser: UnsafeMutablePointer<yaml_parser_t>, bytes: [UInt8], variables: Variables) {
        self.parser = parser
        self.bytes = bytes
        self.variables = variables
    }

    // MARK: Events

    private enum Event {
        case end
        case documentStart, documentEnd
        case alias(String)
        case scalar(String, isPlain: Bool, anchor: String?, tag: String?)
        case sequenceStart(anchor: String?, tag: String?)
        case mappingStart(anchor: String?, tag: String?)
        case collectionEnd
    }

    private func next() throws(YAMLProblem) -> (Event, Position) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        return (YAMLReader.event(event), Position(event.start_mark))
    }

    private static func event(_ event: yaml_event_t) -> Event {
        let data = event.data
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(data.scalar.anchor), tag: text(data.scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(anchor: text(data.sequence_start.anchor), tag: text(data.sequence_start.tag))
        case YAML_MAPPING_START_EVENT:
            return .mappingStart(anchor: text(data.mapping_start.anchor), tag: text(data.mapping_start.tag))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
        default: return .end
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    /// libyaml's message.
    private func failure() -> YAMLProblem {
        var problem = parser.pointee.problem.map { String(cString: $0) } ?? "there is no memory to read it"
        // Text that cannot be decoded has no line; libyaml counts only the bytes before it.
        let position =
            parser.pointee.error == YAML_READER_ERROR
            ? position(after: parser.pointee.problem_offset) : Position(parser.pointee.problem_mark)
        if isTab(at: position) { problem = "a tab; YAML allows only spaces for indentation" }
        if let context = parser.pointee.context, parser.pointee.error != YAML_READER_ERROR {
            let start = Position(parser.pointee.context_mark)
            if start != position { problem += ", \(String(cString: context)) that begins at \(start)" }
        }
        return YAMLProblem(position: position, problem: problem)
    }

    private func isTab(at position: Position) -> Bool {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.indices.contains(position.line - 1) else { return false }
        let scalars = String(decoding: lines[position.line - 1], as: UTF8.self).unicodeScalars
        return scalars.dropFirst(position.column - 1).first == "\t"
    }

    private func position(after count: Int) -> Position {
        let before = bytes.prefix(count)
        let lines = before.split(separator: 0x0A, omittingEmptySubsequences: false)
        let characters = String(decoding: lines.last ?? [], as: UTF8.self).unicodeScalars.count
        return Position(line: max(1, lines.count), column: characters + 1)
    }

    // MARK: Nodes

    private mutating func document() throws(YAMLProblem) -> YAMLNode? {
        while true {
            let (event, _) = try next()
            if case .end = event {
                // The start of the stream looks the same, but has no error and is not the end.
                if parser.pointee.stream_end_produced != 0 { return nil }
                continue
            }
            if case .documentStart = event { break }
        }
        let (event, position) = try next()
        let root = try node(event, position, depth: 1)
        _ = try next()
        let (rest, start) = try next()
        if case .documentStart = rest {
            throw YAMLProblem(position: start, problem: "a second document begins; only one is allowed")
        }
        return root.isNull ? nil : root
    }

    private mutating func node(_ event: Event, _ position: Position, depth: Int) throws(YAMLProblem) -> YAMLNode {
        guard depth <= YAMLReader.depthLimit else {
            throw YAMLProblem(position: position, problem: "nested deeper than \(YAMLReader.depthLimit) levels")
        }
        switch event {
        case .alias(let name):
            guard !open.contains(name) else {
                let problem = "the alias *\(name) is inside its own anchor &\(name)"
                throw YAMLProblem(position: position, problem: problem)
            }
            guard let node = anchors[name] else {
                throw YAMLProblem(position: position, problem: "the alias *\(name) has no anchor &\(name) before it")
            }
            try count(node.weight, position)
            return node
        case .scalar(let text, let isPlain, let anchor, let tag):
            refuse(tag, position)
            return try keep(fill(text, position, isPlain: isPlain), anchor, position)
        case .sequenceStart(let anchor, let tag):
            begin(anchor, tag, position)
            return try keep(.sequence(sequence(depth)), anchor, position)
        case .mappingStart(let anchor, let tag):
            begin(anchor, tag, position)
            return try keep(.mapping(mapping(depth)), anchor, position)
        case .end, .documentStart, .documentEnd, .collectionEnd:
            throw YAMLProblem(position: position, problem: "a value is missing")
        }
    }

    private mutating func begin(_ anchor: String?, _ tag: String?, _ position: Position) {
        refuse(tag, position)
        if let anchor { open.insert(anchor) }
    }

    private mutating func keep(
        _ content: YAMLNode.Content, _ anchor: String?, _ position: Position
    ) throws(YAMLProblem) -> YAMLNode {
        let node = YAMLNode(content, at: position)
        try count(1, position)
        if let anchor {
            anchors[anchor] = node
            open.remove(anchor)
        }
        return node
    }

    private mutating func count(_ more: Int, _ position: Position) throws(YAMLProblem) {
        weight += more
        guard weight <= YAMLReader.weightLimit else {
            throw YAMLProblem(
                position: position, problem: "more than \(YAMLReader.weightLimit) values, aliases counted each time")
        }
    }

    private mutating func sequence(_ depth: Int) throws(YAMLProblem) -> [YAMLNode] {
        var nodes: [YAMLNode] = []
        while true {
            let (event, position) = try next()
            if case .collectionEnd = event { return nodes }
            nodes.append(try node(event, position, depth: depth + 1))
        }
    }

    private mutating func mapping(_ depth: Int) throws(YAMLProblem) -> [(key: YAMLNode, value: YAMLNode)] {
        var entries: [(key: YAMLNode, value: YAMLNode)] = []
        var lines: [String: Int] = [:]
        var merged: [YAMLNode] = []
        while true {
            let (event, position) = try next()
            if case .collectionEnd = event { break }
            let key = try node(event, position, depth: depth + 1)
            let (valueEvent, valuePosition) = try next()
            let value = try node(valueEvent, valuePosition, depth: depth + 1)
            if case .scalar("<<", isPlain: true) = key.content {
                merged.append(value)
            } else if case .scalar(let name, _) = key.content, let first = lines[name] {
                let problem = "duplicate key \"\(name)\"; first in line \(first)"
                problems.append(YAMLProblem(position: key.position, problem: problem))
            } else {
                if case .scalar(let name, _) = key.content { lines[name] = key.position.line }
                entries.append((key, value))
            }
        }
        var names = Set(lines.keys)
        for node in merged { merge(node, into: &entries, &names) }
        return entries
    }

    /// `<<: *defaults` or a list of aliases: keys that are written here override merged ones
    /// (yaml.org/type/merge.html).
    private mutating func merge(
        _ node: YAMLNode, into entries: inout [(key: YAMLNode, value: YAMLNode)], _ names: inout Set<String>
    ) {
        switch node.content {
        case .mapping(let others):
            for other in others {
                if case .scalar(let name, _) = other.key.content, !names.insert(name).inserted { continue }
                entries.append(other)
            }
        case .sequence(let nodes):
            for node in nodes { merge(node, into: &entries, &names) }
        case .scalar, .unfilled:
            problems.append(YAMLProblem(position: node.position, problem: "<< takes a mapping, or a list of them"))
        }
    }

    private mutating func refuse(_ tag: String?, _ position: Position) {
        guard let tag, tag != "!" else { return }
        let standard = "tag:yaml.org,2002:"
        let shown = tag.hasPrefix(standard) ? "!!\(tag.dropFirst(standard.count))" : tag
        problems.append(YAMLProblem(position: position, problem: "the tag \(shown) is not used here"))
    }

    private mutating func fill(_ text: String, _ position: Position, isPlain: Bool) -> YAMLNode.Content {
        let (filled, found) = variables.fill(text, at: position)
        problems += found
        return found.isEmpty ? .scalar(filled, isPlain: isPlain) : .unfilled
    }
}

extension Position {
    init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}
