import HTTPClient
import Health

/// Reads the expectations of a service's responses: status and body.
struct ExpectationReader {
    private let section: Section<ServiceKey>
    private let mistakes: Mistakes

    init(_ section: Section<ServiceKey>, _ file: ConfigurationFile) {
        self.section = section
        mistakes = file.mistakes
    }

    /// - Parameter method: of the request: the body of the response depends on it.
    func read(_ preset: ServicePreset?, _ method: Request.Method) -> Expectation {
        let body = section[.body] == nil ? preset?.body : body(section[.body], section.path(.body))
        if method == .head { refuseBody(preset) }
        let statuses = accepted(section[.accept], section.path(.accept)) ?? preset?.statuses ?? .success
        return Expectation(
            statuses, fields: fields(), body: with(metrics(section[.metrics], section.path(.metrics)), body),
            tolerance: tolerance(preset, statuses)
        ).with(certificateMargin: certificateMargin())
    }

    private func refuseBody(_ preset: ServicePreset?) {
        let problem = "can never be met: an answer to HEAD has no body"
        let given = [ServiceKey.body, .metrics].filter { section[$0] != nil }
        for key in given {
            mistakes.add(problem, at: section[key]?.position, path: section.path(key))
        }
        guard given.isEmpty, let preset, preset.body != nil, let node = section[.method] else { return }
        mistakes.add(
            "\(problem), which preset \(preset.rawValue) judges", at: node.position, path: section.path(.method))
    }

    // MARK: Degraded responses

    private func certificateMargin() -> Duration? {
        section.value(.certificateExpiresWithin) { text throws(ValueError) in
            guard text.hasSuffix("d"), let days = Int(digits: text.dropLast()), (1...3650).contains(days) else {
                throw ValueError("is not a number of days from 1d to 3650d")
            }
            return .seconds(days * 86_400)
        }
    }

    /// - Parameter statuses: the healthy statuses.
    private func tolerance(_ preset: ServicePreset?, _ statuses: StatusSet) -> Tolerance? {
        let address = ringAddress(preset)
        guard let node = section[.degraded] else { return preset?.tolerance(ringAddress: address) }
        let path = section.path(.degraded)
        guard let keys = Section<DegradedKey>(node, path: path, mistakes) else { return nil }
        if node.isEmptyMapping { mistakes.add("expects nothing", at: node.position, path: path) }
        return .response(
            accepted(keys[.accept], keys.path(.accept)) ?? statuses,
            body: with(
                metrics(keys[.metrics], keys.path(.metrics)), body(keys[.body], keys.path(.body))))
    }

    private func ringAddress(_ preset: ServicePreset?) -> String? {
        guard let node = section[.ringAddress] else { return nil }
        return node.value(path: section.path(.ringAddress), mistakes) { text throws(ValueError) in
            guard let preset, preset.hasPeers else {
                let presets = ServicePreset.allCases.filter(\.hasPeers).map(\.rawValue)
                throw ValueError("is only for these presets: \(presets.joined(separator: ", "))")
            }
            guard section[.degraded] == nil else { throw ValueError("has no effect together with degraded") }
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
            lacked: texts(keys, .lacks) { _ throws(ValueError) in },
            patterns: texts(keys, .matches) { text throws(ValueError) in try ExpectationReader.pattern(text) },
            members: keys[.json].map {
                ComparisonReader(subject: .json, mistakes: mistakes).members($0, path: keys.path(.json))
            } ?? [])
    }

    private func metrics(_ node: YAMLNode?, _ path: String) -> [MetricExpectation] {
        node.map { ComparisonReader(subject: .metric, mistakes: mistakes).metrics($0, path: path) } ?? []
    }

    private func fields() -> [FieldExpectation] {
        let path = section.path(.responseHeaders)
        return section[.responseHeaders]
            .map { ComparisonReader(subject: .field, mistakes: mistakes).fields($0, path: path) } ?? []
    }

    private func with(_ metrics: [MetricExpectation], _ body: BodyExpectation?) -> BodyExpectation? {
        guard !metrics.isEmpty else { return body }
        return BodyExpectation(
            contained: body?.contained ?? [], lacked: body?.lacked ?? [], patterns: body?.patterns ?? [],
            members: body?.members ?? [], metrics: metrics)
    }

    private func texts(
        _ keys: Section<BodyKey>, _ key: BodyKey, _ check: (String) throws(ValueError) -> Void
    ) -> [String] {
        guard let node = keys[key] else { return [] }
        if node.isEmptyList { mistakes.add("is empty", at: node.position, path: keys.path(key)) }
        return node.elements.compactMap { element in
            element.value(path: keys.path(key), mistakes) { text throws(ValueError) in
                guard !text.isEmpty else { throw ValueError("is empty, and every text contains it") }
                try check(text)
                return text
            }
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

extension StatusSet {
    /// The healthy statuses by default.
    fileprivate static let success = StatusSet(200...299)
}
