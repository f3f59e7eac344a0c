/// The expectations of a response's body. All must hold.
package struct BodyExpectation: Sendable, Equatable {
    /// The expectation of a value in a JSON document.
    package struct Member: Sendable, Equatable {
        package let pointer: JSONPointer
        package let comparisons: [Comparison]

        package init(pointer: JSONPointer, _ comparisons: [Comparison]) {
            self.pointer = pointer
            self.comparisons = comparisons
        }

        package init(pointer: JSONPointer, value: JSONScalar) {
            self.init(pointer: pointer, [.equals(value)])
        }
    }

    package let contained: [String]
    /// Texts that the body must not contain.
    package let lacked: [String]
    /// Regular expressions in Swift's syntax, valid, each of which must match somewhere.
    package let patterns: [String]
    package let members: [Member]
    /// In Prometheus' text format.
    package let metrics: [MetricExpectation]

    package init(
        contained: [String] = [], lacked: [String] = [], patterns: [String] = [], members: [Member] = [],
        metrics: [MetricExpectation] = []
    ) {
        self.contained = contained
        self.lacked = lacked
        self.patterns = patterns
        self.members = members
        self.metrics = metrics
    }
}

extension BodyExpectation: CustomStringConvertible {
    package var description: String {
        (contained.map { "contains \"\($0)\"" } + lacked.map { "lacks \"\($0)\"" }
            + patterns.map { "matches \($0)" } + members.map { "has \($0)" }
            + metrics.map { "has \($0.selector) \($0.comparisons.map(\.description).joined(separator: " and "))" })
            .joined(separator: ", ")
    }
}

/// The difference between a body and its expectation. Text from the target is cut short, and not escaped yet.
package enum BodyMismatch: Error, Sendable, Equatable {
    case lacks(String, found: Excerpt)
    case contains(String, found: Excerpt)
    case doesNotMatch(pattern: String, found: Excerpt)
    case notJSON(detail: String, found: Excerpt)
    /// The document has no value at the pointer.
    case absent(JSONPointer)
    case value(JSONPointer, expected: JSONScalar, found: Excerpt)
    /// - Parameter place: the compared item: a pointer, a metric, a field.
    case compared(String, expected: Comparison, found: Excerpt)
    /// No metric matches the selector.
    case noMetric(MetricSelector)
    /// The body is not in Prometheus' text format at all.
    case notMetrics(found: Excerpt)
    /// A line of a requested metric cannot be read.
    case unreadableMetric(line: Excerpt)
    /// The body is OpenMetrics without its end, `# EOF`.
    case cutMetrics
    /// The body has a coding, such as gzip, and is not decoded.
    case coded(Excerpt)
}

extension BodyMismatch: CustomStringConvertible {
    package var description: String {
        switch self {
        case .lacks(let text, let found): "the body does not contain \"\(text)\": \(found)"
        case .contains(let text, let found): "the body contains \"\(text)\": \(found)"
        case .doesNotMatch(let pattern, let found): "the body does not match \(pattern): \(found)"
        case .notJSON(let detail, let found): "the body is not JSON (\(detail)): \(found)"
        case .absent(let pointer): "the body has nothing at \(pointer)"
        case .value(let pointer, let expected, let found): "\(pointer) is \(found), expected \(expected)"
        case .compared(let place, let expected, let found): "\(place) is \(found), expected \(expected)"
        case .noMetric(let selector): "the body has no metric \(selector)"
        case .notMetrics(let found): "the body is not metrics in Prometheus' text format: \(found)"
        case .unreadableMetric(let line): "a line of the metrics cannot be read: \(line)"
        case .cutMetrics: "the metrics are cut off: OpenMetrics ends with # EOF"
        case .coded(let coding): "the body is coded (Content-Encoding: \(coding)), and no coding was asked for"
        }
    }
}

/// The beginning of a text from a target, for a message.
package struct Excerpt: Sendable, Equatable, CustomStringConvertible {
    /// In Unicode scalars.
    package static let limit = 120

    package let description: String

    /// Text, for display in quotation marks.
    package init(quoting text: some StringProtocol) {
        description = text.isEmpty ? "it is empty" : "\"\(Excerpt.cut(text))\""
    }

    /// For display without quotation marks.
    package init(_ text: some StringProtocol) {
        description = Excerpt.cut(text)
    }

    private static func cut(_ text: some StringProtocol) -> String {
        var start = String.UnicodeScalarView()
        start.append(contentsOf: text.unicodeScalars.prefix(limit))
        return String(start) + (text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")
    }
}
