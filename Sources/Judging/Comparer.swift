import Health

/// Compares values with what they must be.
enum Comparer {
    /// The first difference; nil where the value is as expected.
    /// - Parameter place: for the message.
    static func difference(
        _ value: JSONDocument.Value, _ comparisons: [Comparison], at place: String
    ) -> BodyMismatch? {
        for comparison in comparisons {
            if let found = difference(value, comparison, at: place) { return found }
        }
        return nil
    }

    static func difference(
        _ value: JSONDocument.Value, _ comparison: Comparison, at place: String
    ) -> BodyMismatch? {
        if case .array(let elements) = value {
            switch comparison {
            case .count(let comparisons):
                let count = JSONDocument.Value.scalar(.number(Double(elements.count)))
                return difference(count, comparisons, at: "the number of elements at \(place)")
            case .everyElement(let members): return firstThatIsNot(members, in: elements, at: place)
            case .noElement(let members): return firstThatIs(members, in: elements, comparison, at: place)
            default: break
            }
        }
        return holds(value, comparison)
            ? nil : .compared(place, expected: comparison, found: Excerpt(value.description))
    }

    private static func holds(_ value: JSONDocument.Value, _ comparison: Comparison) -> Bool {
        switch (comparison, value) {
        case (.exists(let isThere), _): isThere == (value != .absent)
        case (.equals(let wanted), .scalar(let found)): found == wanted
        case (.differs(let other), .scalar(let found)): found != other
        case (.differs, .object), (.differs, .array): true
        case (.atLeast(let bound), .scalar(.number(let number))): number >= bound
        case (.atMost(let bound), .scalar(.number(let number))): number <= bound
        case (.above(let bound), .scalar(.number(let number))): number > bound
        case (.below(let bound), .scalar(.number(let number))): number < bound
        case (.contains(let text), .scalar(.string(let found))): found.contains(text)
        case (.lacks(let text), .scalar(.string(let found))): !found.contains(text)
        // What is not of the kind that is compared is not as expected.
        default: false
        }
    }

    private static func firstThatIsNot(
        _ members: [BodyExpectation.Member], in elements: [JSONDocument.Value], at place: String
    ) -> BodyMismatch? {
        for (index, element) in elements.enumerated() {
            for member in members {
                let found = element.value(at: member.pointer)
                let memberPlace = "\(place)/\(index)" + member.pointer.text
                if let found = difference(found, member.comparisons, at: memberPlace) { return found }
            }
        }
        return nil
    }

    private static func firstThatIs(
        _ members: [BodyExpectation.Member], in elements: [JSONDocument.Value], _ comparison: Comparison,
        at place: String
    ) -> BodyMismatch? {
        for (index, element) in elements.enumerated() {
            let isSo = members.allSatisfy { member in
                difference(element.value(at: member.pointer), member.comparisons, at: place) == nil
            }
            guard isSo, let member = members.first else { continue }
            let found = element.value(at: member.pointer).description
            return .compared(
                "\(place)/\(index)" + member.pointer.text, expected: comparison, found: Excerpt(found))
        }
        return nil
    }
}

extension JSONPointer {
    /// As it is written: empty for the document itself.
    fileprivate var text: String { tokens.isEmpty ? "" : description }
}

extension JSONDocument.Value: CustomStringConvertible {
    /// What it is, for a message.
    var description: String {
        switch self {
        case .absent: "not there"
        case .scalar(let value): value.description
        case .object: "an object"
        case .array: "an array"
        }
    }

    func value(at pointer: JSONPointer) -> JSONDocument.Value {
        var place = self
        for token in pointer.tokens {
            switch place {
            case .object(let members): place = members[token] ?? .absent
            case .array(let elements):
                guard let index = JSONPointer.index(token), elements.indices.contains(index) else { return .absent }
                place = elements[index]
            case .absent, .scalar: return .absent
            }
        }
        return place
    }
}
