import Time

/// The value of a Date field (RFC 9110 §5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
package struct HTTPDate: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int
    private let field: [UInt8]

    package init(seconds: Int) {
        self.seconds = seconds
        field = Array("Date: \(HTTPDate.text(seconds))\r\n".utf8)
    }

    func appendField(to output: inout [UInt8]) {
        output.append(contentsOf: field)
    }

    private static func text(_ seconds: Int) -> String {
        let (days, second) = Int64(seconds).flooredQuotient(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = [second / 3600, second / 60 % 60, second % 60].map(twoDigits).joined(separator: ":")
        let weekday = weekdays[Int(days.flooredQuotient(by: 7).remainder)]
        return "\(weekday), \(twoDigits(date.day)) \(months[Int(date.month) - 1]) \(date.year) \(time) GMT"
    }

    private static func twoDigits(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
