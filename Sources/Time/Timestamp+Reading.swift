extension CivilDate {
    /// From 1970-01-01 on; nil if there is no such day.
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        // The inverse of the algorithm of CivilDate: years are counted from 1 March of year 0.
        let yearFromMarch = month > 2 ? year : year - 1
        let (era, yearOfEra) = yearFromMarch.flooredQuotient(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        // 31 April would have become 1 May.
        let date = CivilDate(daysSinceEpoch: days)
        return date.month == month && date.day == day ? days : nil
    }
}

extension Timestamp {
    /// Reads a date and time of RFC 3339, such as `2026-11-21T06:40:00Z` or `2026-11-21T07:40:00.5+01:00`. Fractions beyond
    /// milliseconds are dropped.
    package init?(rfc3339 text: String) {
        var rest = text.utf8[...]
        guard let year = rest.number(4), rest.skip("-"), let month = rest.number(2), rest.skip("-"),
            let day = rest.number(2), rest.skip("T") || rest.skip("t"), let time = rest.time(),
            let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day),
            let fraction = rest.fraction(), let offset = rest.offset(), rest.isEmpty
        else { return nil }
        self.init(milliseconds: ((days * 1440 - offset) * 60 + time) * 1000 + fraction)
    }

    /// Reads the value of a Date field in the form that servers have to send (RFC 9110 §5.6.7, IMF-fixdate), such as
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    package init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        var rest = text.utf8[text.utf8.index(after: comma)...]
        guard rest.skip(" "), let day = rest.number(2), rest.skip(" "),
            let month = months.firstIndex(where: { rest.skip($0) }), rest.skip(" "), let year = rest.number(4),
            rest.skip(" "), let time = rest.time(), rest.skip(" GMT"), rest.isEmpty,
            let days = CivilDate.daysSinceEpoch(year: year, month: Int64(month) + 1, day: day)
        else { return nil }
        self.init(milliseconds: (days * 86_400 + time) * 1000)
    }
}

extension Substring.UTF8View {
    /// Reads that many digits.
    fileprivate mutating func number(_ count: Int) -> Int64? {
        let digits = prefix(count)
        guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self = dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    fileprivate mutating func skip(_ text: String) -> Bool {
        guard starts(with: text.utf8) else { return false }
        self = dropFirst(text.utf8.count)
        return true
    }

    /// Reads `06:40:00` as seconds. A leap second counts as the first second of the next minute.
    fileprivate mutating func time() -> Int64? {
        guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60, skip(":"),
            let second = number(2), second <= 60
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    /// Reads `.5` as milliseconds; 0 without a fraction.
    fileprivate mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        let digits = prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        self = dropFirst(digits.count)
        return (0..<3).reduce(0) { $0 * 10 + Int64((digits.dropFirst($1).first ?? 0x30) - 0x30) }
    }

    /// Reads `Z` or `+01:00` as minutes.
    fileprivate mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isNegative = first == UInt8(ascii: "-")
        guard skip("+") || skip("-"), let hours = number(2), hours < 24, skip(":"), let minutes = number(2),
            minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isNegative ? -1 : 1)
    }
}
