/// The values of counters at the check before, by which the increase since then is told.
package struct Counters: Sendable {
    struct Increase: Equatable {
        let before: Double
        let now: Double

        /// A counter that is smaller than before has restarted at 0.
        var value: Double { now < before ? now : now - before }
    }

    private struct Entry {
        /// Of the last check that has read it, and of the one before; nil at the first check.
        var now: Double
        var before: Double?
        var check: Int
    }

    /// Series that are remembered beside those of the last check.
    private static let spare = 100

    private var known: [String: Entry] = [:]
    /// The number of the check that is under way, and how many series it has read.
    private var check = 0
    private var readCount = 0

    package init() {}

    /// How many series are remembered.
    package var count: Int { known.count }

    /// nil at the first check, to which nothing can be compared. Later, a series that has not been there counts from 0: that is how
    /// a series of a labelled counter begins.
    mutating func increase(of series: String, to value: Double) -> Increase? {
        let entry = note(series, value)
        return entry.before.map { Increase(before: $0, now: value) }
    }

    /// The same series may be asked for more than once in a check, and is the same each time.
    private mutating func note(_ series: String, _ value: Double) -> Entry {
        var entry = known[series] ?? Entry(now: 0, before: nil, check: -1)
        guard entry.check != check else { return entry }
        readCount += 1
        entry = Entry(now: value, before: check == 0 ? nil : entry.now, check: check)
        known[series] = entry
        return entry
    }

    /// What was read becomes what is compared with. Where nothing was read, the last values stay. Series that are gone are
    /// remembered, as they may come back; but no more of them than there are others.
    mutating func endCheck() {
        guard readCount > 0 else { return }
        if known.count > 2 * readCount + Counters.spare { known = known.filter { $0.value.check == check } }
        check += 1
        readCount = 0
    }
}
