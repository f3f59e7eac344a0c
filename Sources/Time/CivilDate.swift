/// A day of the Gregorian calendar, in UTC.
package struct CivilDate: Sendable, Hashable {
    package let year: Int64
    /// 1 to 12.
    package let month: Int64
    /// 1 to 31.
    package let day: Int64

    /// - Parameter daysSinceEpoch: counted from 1970-01-01; negative before it.
    package init(daysSinceEpoch: Int64) {
        // Years are counted from 1 March of year 0, so that a leap day is the last day of its year (Hinnant,
        // "chrono-Compatible Low-Level Date Algorithms").
        let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooredQuotient(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        year = yearOfEra + era * 400 + (monthFromMarch >= 10 ? 1 : 0)
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    }
}

extension Int64 {
    /// The quotient rounded down: the remainder is never negative.
    package func flooredQuotient(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
