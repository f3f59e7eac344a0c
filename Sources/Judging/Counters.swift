/// The values of counters at the check before, by which the increase since then is told.
package struct Counters: Sendable {
    struct Increase: Equatable {
        let before: Double
        let now: Double

        /// A counter that is smaller than before has restarted at 0.
        var value: Double { now < before ? now : now - before }
    }

    /// Series that are remembered beside those of the last check.
    private static let spare = 100

    private var before: [String: Double] = [:]
    private var now: [String: Double] = [:]

    package init() {}

    /// How many series are remembered.
    package var count: Int { before.count }

    /// nil at the first check, to which nothing can be compared. Later, a series that has not been there counts from 0: that is how
    /// a series of a labelled counter begins.
    mutating func increase(of series: String, to value: Double) -> Increase? {
        // The same series may be asked for more than once, and is the same each time.
        now[series] = value
        return before.isEmpty ? nil : Increase(before: before[series] ?? 0, now: value)
    }

    /// What was read becomes what is compared with. Where nothing was read, the last values stay. Series that are gone are
    /// remembered, as they may come back; but no more of them than there are others.
    mutating func endCheck() {
        guard !now.isEmpty else { return }
        if before.count > 2 * now.count + Counters.spare { before = [:] }
        before.merge(now) { _, new in new }
        now = [:]
    }
}
