/// A point in time of the wall clock, only for display: milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp {
    /// In UTC, with milliseconds: `2026-11-21T06:40:00.123Z` (RFC 3339). Foundation's ISO 8601 format takes a tenth
    /// of the time of a whole check, so this is our own.
    package var rfc3339: String {
        let (day, time) = milliseconds.flooredQuotient(by: 86_400_000)
        let date = CivilDate(daysSinceEpoch: day)
        let seconds = time / 1000
        return String(unsafeUninitializedCapacity: 24) { text in
            var end = 0
            func write(_ number: Int64, _ count: Int, then mark: Unicode.Scalar) {
                var rest = number
                for index in stride(from: end + count - 1, through: end, by: -1) {
                    text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                text[end + count] = UInt8(ascii: mark)
                end += count + 1
            }
            // RFC 3339 has four digits for the year.
            write(min(max(date.year, 0), 9999), 4, then: "-")
            write(date.month, 2, then: "-")
            write(date.day, 2, then: "T")
            write(seconds / 3600, 2, then: ":")
            write(seconds / 60 % 60, 2, then: ":")
            write(seconds % 60, 2, then: ".")
            write(time % 1000, 3, then: "Z")
            return end
        }
    }
}
