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

    private static func element(_ text: String, withDay: Bool) -> String {
        "<time datetime=\"\(text)\">\(withDay ? "\(text.prefix(10)) " : "")\(text.dropFirst(11).prefix(8))</time>"
    }
}
