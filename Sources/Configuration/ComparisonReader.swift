import Health

/// The keys of a comparison of a JSON value, a metric, or a response field.
package enum ComparisonKey: String, CaseIterable, Sendable {
    case not
    case atLeast = "at_least"
    case atMost = "at_most"
    case above, below, exists, contains, lacks, count, every, none, increase
}

/// Reads the expected values. A single value means equality; a mapping has comparisons, all of which must hold.
struct ComparisonReader {
    /// The kind of value that is compared.
    enum Subject: String {
        case json = "a JSON value"
        case metric = "a metric"
        case field = "a field"
        /// A number that is derived from the value: a count or an increase.
        case number = "a count or an increase"

        /// The comparisons that this kind allows.
        fileprivate var keys: [ComparisonKey] {
            switch self {
            case .json: ComparisonKey.allCases.filter { $0 != .increase }
            case .metric: [.not, .atLeast, .atMost, .above, .below, .exists, .increase]
            case .field: [.not, .exists, .contains, .lacks]
            case .number: [.not, .atLeast, .atMost, .above, .below]
            }
        }
    }

    let subject: Subject
    let mistakes: Mistakes

    /// JSON values, by JSON Pointer.
    func members(_ node: YAMLNode, path: String) -> [BodyExpectation.Member] {
        entries(node, path: path).compactMap { name, position, value in
            guard let pointer = JSONPointer(name) else {
                mistakes.add(
                    "is not a JSON Pointer (/State/Status, or \"\" for the whole document)", at: position, path: path,
                    value: name)
                return nil
            }
            let comparisons = read(value, path: path)
            return comparisons.isEmpty ? nil : BodyExpectation.Member(pointer: pointer, comparisons)
        }
    }

    /// Metrics, with or without labels.
    func metrics(_ node: YAMLNode, path: String) -> [MetricExpectation] {
        entries(node, path: path).compactMap { name, position, value in
            guard let selector = MetricSelector(name) else {
                mistakes.add(
                    "is not a metric (up, or up{job=\"loki\"})", at: position, path: path, value: name)
                return nil
            }
            let comparisons = read(value, path: "\(path).\(selector.name)")
            return comparisons.isEmpty ? nil : MetricExpectation(selector, comparisons)
        }
    }

    /// Response fields, by name.
    func fields(_ node: YAMLNode, path: String) -> [FieldExpectation] {
        entries(node, path: path).compactMap { name, position, value in
            guard !name.isEmpty, name.isVisibleASCII, !name.contains(":") else {
                mistakes.add("is not the name of a field", at: position, path: path, value: name)
                return nil
            }
            let comparisons = read(value, path: "\(path).\(name)")
            return comparisons.isEmpty ? nil : FieldExpectation(name, comparisons)
        }
    }

    private func entries(
        _ node: YAMLNode, path: String
    ) -> [(name: String, position: Position, value: YAMLNode)] {
        if node.isEmptyMapping { mistakes.add("is empty", at: node.position, path: path) }
        return node.mapping(path: path, mistakes) ?? []
    }

    // MARK: One value

    /// Empty if the value is invalid, which is reported as a mistake.
    private func read(_ node: YAMLNode, path: String) -> [Comparison] {
        switch node.content {
        case .unfilled: return []
        case .scalar: return value(node, path: path).map { [.equals($0)] } ?? []
        case .sequence:
            mistakes.add("is \(node.kind), not one value", at: node.position, path: path)
            return []
        case .mapping:
            if node.isEmptyMapping { mistakes.add("is empty", at: node.position, path: path) }
            guard let keys = Section<ComparisonKey>(node, path: path, mistakes) else { return [] }
            return ComparisonKey.allCases.compactMap { key in keys[key].flatMap { comparison(key, $0, keys.path(key)) }
            }
        }
    }

    private func comparison(_ key: ComparisonKey, _ node: YAMLNode, _ path: String) -> Comparison? {
        guard subject.keys.contains(key) else {
            mistakes.add("is not allowed for \(subject.rawValue)", at: node.position, path: path)
            return nil
        }
        return switch key {
        case .not: value(node, path: path).map { .differs($0) }
        case .atLeast: number(node, path).map { .atLeast($0) }
        case .atMost: number(node, path).map { .atMost($0) }
        case .above: number(node, path).map { .above($0) }
        case .below: number(node, path).map { .below($0) }
        case .exists:
            node.value(path: path, mistakes) { text throws(ValueError) in try Bool(yaml: text) }.map { .exists($0) }
        case .contains: text(node, path).map { .contains($0) }
        case .lacks: text(node, path).map { .lacks($0) }
        case .count: nested(node, path).map { .count($0) }
        case .increase: nested(node, path).map { .increase($0) }
        case .every: elements(node, path).map { .everyElement($0) }
        case .none: elements(node, path).map { .noElement($0) }
        }
    }

    /// The comparison of a derived number.
    private func nested(_ node: YAMLNode, _ path: String) -> [Comparison]? {
        let comparisons = ComparisonReader(subject: .number, mistakes: mistakes).read(node, path: path)
        return comparisons.isEmpty ? nil : comparisons
    }

    /// Comparisons of an element, by pointers within it, or of the element itself.
    private func elements(_ node: YAMLNode, _ path: String) -> [BodyExpectation.Member]? {
        if case .mapping(let entries) = node.content, let key = entries.first?.key.plainText, key.hasPrefix("/") {
            let members = members(node, path: path)
            return members.isEmpty ? nil : members
        }
        let comparisons = read(node, path: path)
        guard let pointer = JSONPointer(""), !comparisons.isEmpty else { return nil }
        return [BodyExpectation.Member(pointer: pointer, comparisons)]
    }

    private func value(_ node: YAMLNode, path: String) -> JSONScalar? {
        switch subject {
        case .json:
            guard let scalar = node.jsonScalar else {
                mistakes.add("is \(node.kind), not one value", at: node.position, path: path)
                return nil
            }
            return scalar
        case .metric, .number: return number(node, path).map { .number($0) }
        case .field: return node.text(path: path, mistakes).map { .string($0) }
        }
    }

    private func number(_ node: YAMLNode, _ path: String) -> Double? {
        node.value(path: path, mistakes) { text throws(ValueError) in
            guard case .number(let value)? = JSONScalar.number(text) else { throw ValueError("is not a number") }
            return value
        }
    }

    private func text(_ node: YAMLNode, _ path: String) -> String? {
        node.value(path: path, mistakes) { text throws(ValueError) in
            guard !text.isEmpty else { throw ValueError("is empty, and every text contains it") }
            return text
        }
    }
}

extension MetricSelector {
    /// nil if it is not in Prometheus' notation.
    init?(_ text: String) {
        guard let match = text.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?/) else { return nil }
        var labels: [Label] = []
        var rest = match.2 ?? ""
        while !rest.isEmpty {
            guard let label = rest.prefixMatch(of: /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"([^"\\]*)"\s*(?:,|$)/) else {
                return nil
            }
            labels.append(Label(name: String(label.1), value: String(label.2)))
            rest = rest[label.range.upperBound...]
        }
        self.init(name: String(match.1), labels: labels)
    }
}

extension YAMLNode {
    /// As in JSON and YAML 1.2: a value in quotes is text.
    fileprivate var jsonScalar: JSONScalar? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        guard isPlain else { return .string(text) }
        switch text {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return JSONScalar.number(text) ?? .string(text)
        }
    }
}

extension JSONScalar {
    /// Only numbers of JSON's grammar: Double would also accept "inf", "0x10" and "+1".
    fileprivate static func number(_ text: String) -> JSONScalar? {
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil,
            let value = Double(text), value.isFinite
        else { return nil }
        return .number(value)
    }
}
