import Health
import Time

/// Times for people, machines beside them.
enum PageTime {
    /// Such as `2026-11-21 06:40:00`.
    static func absolute(_ time: Timestamp) -> String {
        element(time.rfc3339, withDay: true)
    }

    /// Without the day where it is that of `now`.
    static func short(_ time: Timestamp, now: Timestamp) -> String {
        let text = time.rfc3339
        return element(text, withDay: text.prefix(10) != now.rfc3339.prefix(10))
    }

    /// The same as text alone.
    static func plain(_ time: Timestamp, now: Timestamp) -> String {
        let text = time.rfc3339
        return plain(text, withDay: text.prefix(10) != now.rfc3339.prefix(10))
    }

    private static func element(_ text: String, withDay: Bool) -> String {
        "<time datetime=\"\(text)\">\(plain(text, withDay: withDay))</time>"
    }

    private static func plain(_ text: String, withDay: Bool) -> String {
        "\(withDay ? "\(text.prefix(10)) " : "")\(text.dropFirst(11).prefix(8))"
    }
}

extension Duration {
    /// Number and unit, which stay on one line.
    var unbroken: String { brief.replacing(" ", with: "\u{A0}") }
}
