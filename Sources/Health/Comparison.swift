/// The expectation of a value in a JSON document, of a metric, or of a response field.
package indirect enum Comparison: Sendable, Equatable {
    case equals(JSONScalar)
    case differs(JSONScalar)
    case atLeast(Double)
    case atMost(Double)
    case above(Double)
    case below(Double)
    /// Whether the value exists.
    case exists(Bool)
    /// Of text.
    case contains(String)
    case lacks(String)
    /// Of an array: how many elements it has.
    case count([Comparison])
    /// For an array: each element.
    case everyElement([BodyExpectation.Member])
    /// For an array: no element.
    case noElement([BodyExpectation.Member])
    /// For a counter: its growth since the previous check. The first check compares nothing.
    case increase([Comparison])
}

extension Comparison: CustomStringConvertible {
    /// A phrase that follows "expected".
    package var description: String {
        switch self {
        case .equals(let value): "\(value)"
        case .differs(let value): "not \(value)"
        case .atLeast(let bound): "at least \(JSONScalar.number(bound))"
        case .atMost(let bound): "at most \(JSONScalar.number(bound))"
        case .above(let bound): "above \(JSONScalar.number(bound))"
        case .below(let bound): "below \(JSONScalar.number(bound))"
        case .exists(let isThere): isThere ? "something there" : "nothing there"
        case .contains(let text): "\"\(text)\" in it"
        case .lacks(let text): "no \"\(text)\" in it"
        case .count(let comparisons): "a count of \(comparisons.together)"
        case .everyElement(let members): "every element with \(members.together)"
        case .noElement(let members): "no element with \(members.together)"
        case .increase(let comparisons): "an increase of \(comparisons.together)"
        }
    }
}

extension Sequence where Element: CustomStringConvertible {
    fileprivate var together: String { map(\.description).joined(separator: " and ") }
}

extension BodyExpectation.Member: CustomStringConvertible {
    /// Such as `"ok" at /database`.
    package var description: String { "\(comparisons.together) at \(pointer)" }
}

/// A metric, or all series with these labels: `loki_ring_members{name="ingester",state="Unhealthy"}`.
package struct MetricSelector: Sendable, Hashable {
    package struct Label: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Of OpenMetrics: nothing may follow it.
    package static let lastLine = "# EOF"

    package let name: String
    /// Labels that a series must have; it may have others.
    package let labels: [Label]

    package init(name: String, labels: [Label] = []) {
        self.name = name
        self.labels = labels
    }
}

extension MetricSelector: CustomStringConvertible {
    package var description: String {
        guard !labels.isEmpty else { return name }
        return "\(name){\(labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ","))}"
    }
}

/// The expectation of all series of a selector: each must hold, and there must be at least one.
package struct MetricExpectation: Sendable, Equatable {
    package let selector: MetricSelector
    package let comparisons: [Comparison]

    package init(_ selector: MetricSelector, _ comparisons: [Comparison]) {
        self.selector = selector
        self.comparisons = comparisons
    }
}

/// The expectation of a response field.
package struct FieldExpectation: Sendable, Equatable {
    package let name: String
    package let comparisons: [Comparison]

    package init(_ name: String, _ comparisons: [Comparison]) {
        self.name = name
        self.comparisons = comparisons
    }
}
