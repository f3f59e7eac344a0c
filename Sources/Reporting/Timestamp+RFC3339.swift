import FoundationEssentials
package import Health

extension Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// In UTC, with milliseconds: `2026-11-21T06:40:00.123Z`.
    package var rfc3339: String {
        // Half a millisecond more: the style cuts off, and a Double is a little under some of its values.
        Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1000).formatted(Timestamp.style)
    }
}
