import HTTPClient
import Health

/// Reads what a service's answers must be: status and body.
struct ExpectationReader {
    private let section: Section<ServiceKey>
    private let mistakes: Mistakes

    init(_ section: Section<ServiceKey>, _ file: ConfigurationFile) {
        self.section = section
        mistakes = file.mistakes
    }

    /// - Parameter method: of the request, which the answer's body depends on.
    func read(_ preset: ServicePreset?, _ method: Request.Method) -> Expectation {
        let body = body(section[.body], section.path(.body))
        if method == .head { refuseBody(preset) }
        let statuses = accepted(section[.accept], section.path(.accept)) ?? preset?.statuses ?? .success
        return Expectation(
            statuses, body: section[.body] == nil ? preset?.body : body, tolerance: tolerance(preset, statuses))
    }

    private func refuseBody(_ preset: ServicePreset?) {
        let problem = "can never be met: an answer to HEAD has no body"
        if let node = section[.body] {
            mistakes.add(problem, at: node.position, path: section.path(.body))
        } else if let preset, preset.body != nil, let node = section[.method] {
            mistakes.add(
                "\(problem), which preset \(preset.rawValue) judges", at: node.position, path: section.path(.method))
        }
    }

    // MARK: What is degraded

    /// - Parameter statuses: those that are healthy.
    private func tolerance(_ preset: ServicePreset?, _ statuses: StatusSet) -> Tolerance? {
        let address = ringAddress(preset)
        guard let node = section[.degraded] else { return preset?.tolerance(ringAddress: address) }
        let path = section.path(.degraded)
        guard let keys = Section<DegradedKey>(node, path: path, mistakes) else { return nil }
        if node.isEmptyMapping { mistakes.add("expects nothing", at: node.position, path: path) }
        return .response(
            accepted(keys[.accept], keys.path(.accept)) ?? statuses, body: body(keys[.body], keys.path(.body)))
    }

    private func ringAddress(_ preset: ServicePreset?) -> String? {
        guard let node = section[.ringAddress] else { return nil }
        return node.value(path: section.path(.ringAddress), mistakes) { text throws(ValueError) in
            guard let preset, preset.hasPeers else {
                let presets = ServicePreset.allCases.filter(\.hasPeers).map(\.rawValue)
                throw ValueError("is for these presets alone: \(presets.joined(separator: ", "))")
            }
            guard section[.degraded] == nil else { throw ValueError("has no effect beside degraded") }
            guard !text.isEmpty, text.isVisibleASCII else {
                throw ValueError("is not an address, with or without a port (10.0.0.7:9095)")
            }
            return text
        }
    }

    // MARK: Status and body

    private func accepted(_ node: YAMLNode?, _ place: String) -> StatusSet? {
        guard let node else { return nil }
        var all: StatusSet?
        for (index, element) in node.elements.enumerated() {
            let path = node.elements.count > 1 ? "\(place)[\(index)]" : place
            let statuses = element.value(path: path, mistakes) { text throws(ValueError) in
                guard let statuses = StatusSet(text) else {
                    throw ValueError("is not a status, a range or a class (200, 200-299, 2xx)")
                }
                return statuses
            }
            if let statuses { all = all?.union(statuses) ?? statuses }
        }
        if node.isEmptyList { mistakes.add("is empty", at: node.position, path: place) }
        return all
    }

    private func body(_ node: YAMLNode?, _ path: String) -> BodyExpectation? {
        guard let node, let keys = Section<BodyKey>(node, path: path, mistakes) else { return nil }
        if node.isEmptyMapping { mistakes.add("expects nothing", at: node.position, path: path) }
        return BodyExpectation(
            contained: texts(keys, .contains) { _ throws(ValueError) in },
            patterns: texts(keys, .matches) { text throws(ValueError) in try ExpectationReader.pattern(text) },
            members: members(keys))
    }

    private func texts(
        _ keys: Section<BodyKey>, _ key: BodyKey, _ check: (String) throws(ValueError) -> Void
    ) -> [String] {
        guard let node = keys[key] else { return [] }
        if node.isEmptyList { mistakes.add("is empty", at: node.position, path: keys.path(key)) }
        return node.elements.compactMap { element in
            element.value(path: keys.path(key), mistakes) { text throws(ValueError) in
                guard !text.isEmpty else { throw ValueError("is empty, and would be found in anything") }
                try check(text)
                return text
            }
        }
    }

    private func members(_ keys: Section<BodyKey>) -> [BodyExpectation.Member] {
        guard let node = keys[.json], let entries = node.mapping(path: keys.path(.json), mistakes) else { return [] }
        if node.isEmptyMapping { mistakes.add("is empty", at: node.position, path: keys.path(.json)) }
        return entries.compactMap { name, position, value in
            guard let pointer = JSONPointer(name) else {
                mistakes.add(
                    "is not a JSON Pointer (/State/Status, or \"\" for the whole document)", at: position,
                    path: keys.path(.json), value: name)
                return nil
            }
            if case .unfilled = value.content { return nil }
            guard let scalar = value.jsonScalar else {
                mistakes.add("is \(value.kind), not one value", at: value.position, path: keys.path(.json))
                return nil
            }
            return BodyExpectation.Member(pointer: pointer, value: scalar)
        }
    }

    private static func pattern(_ text: String) throws(ValueError) {
        do {
            _ = try Regex(text)
        } catch {
            throw ValueError("is not a regular expression: \(error)")
        }
    }
}

extension YAMLNode {
    /// As JSON and YAML 1.2 read it: in quotes it is text.
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
    /// By JSON's grammar: Double would also take "inf", "0x10" and "+1".
    fileprivate static func number(_ text: String) -> JSONScalar? {
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil,
            let value = Double(text), value.isFinite
        else { return nil }
        return .number(value)
    }
}

extension StatusSet {
    /// What is healthy where nobody says otherwise.
    fileprivate static let success = StatusSet(200...299)
}
