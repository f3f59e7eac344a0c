import Time

/// The last report for each selection.
struct ReportMemory {
    private struct Remembered {
        let numbered: Aggregator.Numbered
        let startedAt: Instant
        var isStale = false
    }

    /// Clients can ask for any set of exclusions, so the number of kept reports is limited.
    private static let limit = 64

    private var reports: [Selection: Remembered] = [:]
    private var lastNumber = 0

    mutating func number(_ report: Report) -> Aggregator.Numbered {
        lastNumber += 1
        return Aggregator.Numbered(number: lastNumber, report: report)
    }

    /// - Parameter startedAt: when the check of the report began.
    mutating func remember(_ report: Aggregator.Numbered, for selection: Selection, startedAt: Instant) {
        insert(Remembered(numbered: report, startedAt: startedAt), selection)
    }

    mutating func removeAll() {
        reports = [:]
    }

    /// The report for exactly this selection, if its check began after `start`.
    func report(for selection: Selection, since start: Instant) -> Aggregator.Numbered? {
        guard let found = reports[selection], found.startedAt >= start else { return nil }
        return found.numbered
    }

    /// The part of the last report on everything; stale if its check began before `start`.
    mutating func lastReport(for selection: Selection, staleBefore start: Instant) -> Aggregator.Numbered? {
        guard let last = reports[.all] else { return nil }
        let isStale = last.startedAt < start
        if let found = reports[selection], found.isStale == isStale { return found.numbered }
        let report = last.numbered.report.narrowed(to: selection, cause: isStale ? .stale : nil)
        let found = Remembered(numbered: number(report), startedAt: last.startedAt, isStale: isStale)
        insert(found, selection)
        return found.numbered
    }

    private mutating func insert(_ report: Remembered, _ selection: Selection) {
        if reports.count >= ReportMemory.limit, reports[selection] == nil {
            // Other selections can be answered from the report on everything.
            reports = reports.filter { $0.key == .all }
        }
        reports[selection] = report
    }
}
