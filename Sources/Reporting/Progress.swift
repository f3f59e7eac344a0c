import Health
import Time

/// A running check, as a line for people.
package struct Progress: Sendable {
    private let count: Int
    private var missing: [String]

    package init(_ services: [String]) {
        count = services.count
        missing = services
    }

    /// Records the result of this service.
    package mutating func receive(_ service: String) {
        missing.removeAll { $0 == service }
    }

    /// One line without a line feed. It leaves the last column free, so that the terminal does not wrap it.
    package func line(after elapsed: Duration, _ look: Look) -> String {
        let names = missing.map { Printable.escape($0) }.joined(separator: ", ")
        var narrower = look
        narrower.width = look.width.map { max(0, $0 - 1) }
        let text = "\(count - missing.count) of \(count) are back after \(elapsed.brief), waiting for \(names)"
        return StyledLine(text, .faint).text(narrower)
    }
}
