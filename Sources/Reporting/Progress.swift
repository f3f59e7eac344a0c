import Health
import Time

/// A check in the air, for the line that a person sees meanwhile.
package struct Progress: Sendable {
    private let count: Int
    private var missing: [String]

    package init(_ services: [String]) {
        count = services.count
        missing = services
    }

    /// The result for this service is there.
    package mutating func isBack(_ service: String) {
        missing.removeAll { $0 == service }
    }

    /// One line without a line feed that leaves the last column free, so that no terminal goes on to the next.
    package func line(after elapsed: Duration, _ look: Look) -> String {
        let names = missing.map { Printable.escape($0) }.joined(separator: ", ")
        var narrower = look
        narrower.width = look.width.map { max(0, $0 - 1) }
        let text = "\(count - missing.count) of \(count) are back after \(elapsed.brief), waiting for \(names)"
        return StyledLine(text, .faint).text(narrower)
    }
}
