import Health
import Time

/// The last checks: one mark for each, the latest at the right, and a list of them in words.
///
/// A healthy check is a bar from below, higher the longer it took; a degraded one is a broken bar, and a failed one a whole
/// bar. So they differ by their shape, and not by their colour alone.
struct CheckHistory {
    /// Of a service that needs attention.
    static let markLimit = 60
    /// Of a service that is one line.
    static let lineLimit = 30
    private static let runLimit = 20

    private let checks: [RecentChecks.Check]
    private let now: Timestamp
    /// The longest of the checks that have not failed.
    private let peak: Duration?

    init(_ recent: RecentChecks, now: Timestamp) {
        checks = recent.all
        self.now = now
        peak = checks.filter(\.isUp).map(\.duration).max()
    }

    // MARK: Marks

    /// - Parameter subject: whose checks they are.
    func marks(of subject: String, atMost limit: Int) -> String {
        let shown = checks.suffix(limit)
        let marks = shown.map { check in
            "<i class=\"\(shape(of: check))\" title=\"\(PageTime.plain(check.startedAt, now: now)): \(words(of: check))\"></i>"
        }
        return """
            <span class="marks of\(limit)" role="img" aria-label="\(HTML.escape(subject)): \(summary(of: shown))">\
            \(marks.joined())</span>
            """
    }

    private func shape(of check: RecentChecks.Check) -> String {
        switch check.result {
        case .failed: return "f"
        case .degraded: return "d"
        case .healthy:
            guard let peak, peak > .zero else { return "h1" }
            return "h\(min(4, 1 + Int(check.duration / peak * 4)))"
        }
    }

    private func words(of check: RecentChecks.Check) -> String {
        "\(name(of: check.result)), \(check.duration.brief)"
    }

    private func name(of result: RecentChecks.Result) -> String {
        switch result {
        case .healthy: "healthy"
        case .degraded(let cause): "degraded (\(cause.rawValue))"
        case .failed(let cause): "failed (\(cause.rawValue))"
        }
    }

    private func summary(of checks: ArraySlice<RecentChecks.Check>) -> String {
        let degraded = checks.count { if case .degraded = $0.result { true } else { false } }
        var parts = [checks.count == 1 ? "last check" : "last \(checks.count) checks"]
        parts.append("\(checks.count { !$0.isUp }) failed")
        if degraded > 0 { parts.append("\(degraded) degraded") }
        // A screen reader goes on with what stands beside the picture.
        return parts.joined(separator: ", ") + "."
    }

    // MARK: Words

    /// Such as `120 checks since 06:39:50, peak 3.1 ms`.
    var caption: String {
        var parts = [checks.count == 1 ? "1 check" : "\(checks.count) checks"]
        if let first = checks.first { parts[0] += " since \(PageTime.short(first.startedAt, now: now))" }
        if let peak { parts.append("peak \(peak.unbroken)") }
        return parts.joined(separator: ", ")
    }

    /// The time that the checks are from, such as `last 10 min`.
    var span: String {
        guard checks.count > 1, let first = checks.first else { return "one check" }
        let seconds = max(1, (now.milliseconds - first.startedAt.milliseconds) / 1000)
        return "last \(Duration.seconds(seconds).brief)"
    }

    /// What the checks found, the latest first: checks in a row with the same result are one item.
    var list: String {
        let items = runs.suffix(CheckHistory.runLimit).reversed().map { run in
            let first = PageTime.short(run[run.startIndex].startedAt, now: now)
            let last = run.count > 1 ? " to \(PageTime.short(run[run.endIndex - 1].startedAt, now: now))" : ""
            let count = run.count > 1 ? ", \(run.count) checks" : ""
            return "<li>\(first)\(last): \(name(of: run[run.startIndex].result))\(count), \(range(of: run))</li>"
        }
        return "<ol class=\"runs\">\(items.joined())</ol>"
    }

    private func range(of run: ArraySlice<RecentChecks.Check>) -> String {
        let durations = run.map(\.duration)
        let (least, most) = ((durations.min() ?? .zero).unbroken, (durations.max() ?? .zero).unbroken)
        return least == most ? least : "\(least) to \(most)"
    }

    private var runs: [ArraySlice<RecentChecks.Check>] {
        var runs: [ArraySlice<RecentChecks.Check>] = []
        var start = checks.startIndex
        for index in checks.indices where checks[index].result != checks[start].result {
            runs.append(checks[start..<index])
            start = index
        }
        if start < checks.endIndex { runs.append(checks[start...]) }
        return runs
    }
}
