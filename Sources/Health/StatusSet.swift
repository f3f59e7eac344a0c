/// A set of HTTP status codes (RFC 9110 §15), written as in `200`, `200-299`, `2xx` or `200-299,404`.
package struct StatusSet: Sendable, Hashable {
    /// Not empty, in the order in which they were written; each within 100...599.
    package let ranges: [ClosedRange<Int>]

    package static let valid = 100...599

    private init(ranges: [ClosedRange<Int>]) {
        self.ranges = ranges
    }

    /// - Parameter range: within `valid`.
    package init(_ range: ClosedRange<Int>) {
        ranges = [range]
    }

    package static func only(_ status: Int) -> StatusSet {
        StatusSet(ranges: [status...status])
    }

    package func union(_ other: StatusSet) -> StatusSet {
        StatusSet(ranges: ranges + other.ranges)
    }

    /// nil if any part is not a status, a range or a class.
    package init?(_ text: some StringProtocol) {
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let range = StatusSet.range(part.trimmed) else { return nil }
            ranges.append(range)
        }
        self.ranges = ranges
    }

    package func contains(_ status: Int) -> Bool {
        ranges.contains { $0.contains(status) }
    }

    private static func range(_ part: some StringProtocol) -> ClosedRange<Int>? {
        if part.utf8.count == 3, part.hasSuffix("xx"), let digit = part.first.flatMap({ Int(String($0)) }) {
            return (1...5).contains(digit) ? digit * 100...digit * 100 + 99 : nil
        }
        let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first, let last = ends.last, let low = status(first), let high = status(last) else {
            return nil
        }
        return low <= high ? low...high : nil
    }

    private static func status(_ text: some StringProtocol) -> Int? {
        guard text.utf8.count == 3, let status = Int(digits: text), valid.contains(status) else { return nil }
        return status
    }
}

extension StatusSet: CustomStringConvertible {
    /// In the notation of the configuration: `200-299,404`.
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: SubSequence {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
