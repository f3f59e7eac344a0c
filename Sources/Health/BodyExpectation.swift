/// What must be true of a response's body: all of it.
package struct BodyExpectation: Sendable, Equatable {
    /// A value in a JSON document, and where it is.
    package struct Member: Sendable, Equatable {
        package let pointer: JSONPointer
        package let value: JSONScalar

        package init(pointer: JSONPointer, value: JSONScalar) {
            self.pointer = pointer
            self.value = value
        }
    }

    package let contained: [String]
    /// Regular expressions in Swift's syntax, valid, each of which must match somewhere.
    package let patterns: [String]
    package let members: [Member]

    package init(contained: [String] = [], patterns: [String] = [], members: [Member] = []) {
        self.contained = contained
        self.patterns = patterns
        self.members = members
    }
}

extension BodyExpectation: CustomStringConvertible {
    package var description: String {
        (contained.map { "contains \"\($0)\"" } + patterns.map { "matches \($0)" }
            + members.map { "has \($0.value) at \($0.pointer)" }).joined(separator: ", ")
    }
}

/// How a body differs from what was expected. What came from the target is cut short, and not escaped yet.
package enum BodyMismatch: Error, Sendable, Equatable {
    case lacks(String, found: Excerpt)
    case doesNotMatch(pattern: String, found: Excerpt)
    case notJSON(detail: String, found: Excerpt)
    /// The document has no value there.
    case absent(JSONPointer)
    case value(JSONPointer, expected: JSONScalar, found: Excerpt)
    /// It has a coding, such as gzip, and is not decoded.
    case coded(Excerpt)
}

extension BodyMismatch: CustomStringConvertible {
    package var description: String {
        switch self {
        case .lacks(let text, let found): "the body does not contain \"\(text)\": \(found)"
        case .doesNotMatch(let pattern, let found): "the body does not match \(pattern): \(found)"
        case .notJSON(let detail, let found): "the body is not JSON (\(detail)): \(found)"
        case .absent(let pointer): "the body has nothing at \(pointer)"
        case .value(let pointer, let expected, let found): "\(pointer) is \(found), expected \(expected)"
        case .coded(let coding): "the body is coded (Content-Encoding: \(coding)), and no coding was asked for"
        }
    }
}

/// The beginning of something that a target sent, for a message.
package struct Excerpt: Sendable, Equatable, CustomStringConvertible {
    /// In Unicode scalars.
    package static let limit = 120

    package let description: String

    /// Text, shown in quotation marks.
    package init(quoting text: some StringProtocol) {
        description = text.isEmpty ? "it is empty" : "\"\(Excerpt.cut(text))\""
    }

    /// Shown as it is.
    package init(_ text: some StringProtocol) {
        description = Excerpt.cut(text)
    }

    private static func cut(_ text: some StringProtocol) -> String {
        var start = String.UnicodeScalarView()
        start.append(contentsOf: text.unicodeScalars.prefix(limit))
        return String(start) + (text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")
    }
}
