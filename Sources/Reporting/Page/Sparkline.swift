import Health
import Time

/// The last checks as a picture, the latest at the right: their latency as a line, and each failure as a bar as high as
/// the picture, so that it is told by its shape and not by its colour alone.
struct Sparkline {
    /// Units of the picture; a check is two wide.
    static let width = 2 * RecentChecks.limit
    static let height = 32

    private let checks: [RecentChecks.Check]
    /// The longest of the checks that were well.
    let peak: Duration?

    init(_ recent: RecentChecks) {
        checks = recent.all
        peak = checks.filter(\.isUp).map(\.duration).max()
    }

    /// When the first of them began.
    var startedAt: Timestamp? { checks.first?.startedAt }

    /// - Parameters:
    ///   - id: unique in the document.
    ///   - subject: whose checks they are.
    func svg(id: String, subject: String) -> String {
        let lines = line
        let bars = self.bars
        return """
            <svg class="spark" viewBox="0 0 \(Sparkline.width) \(Sparkline.height)" preserveAspectRatio="none" role="img" aria-labelledby="\(id)-t \(id)-d">\
            <title id="\(id)-t">\(HTML.escape(subject)): the last \(checks.count == 1 ? "check" : count)</title>\
            <desc id="\(id)-d">\(HTML.escape(description))</desc>\
            <path class="base" d="M0 \(Sparkline.height - 1)h\(Sparkline.width)"/>\
            \(bars.isEmpty ? "" : "<path class=\"down\" d=\"\(bars)\"/>")\
            \(lines.isEmpty ? "" : "<path class=\"line\" d=\"\(lines)\"/>")</svg>
            """
    }

    /// Such as `120 checks`.
    var count: String { checks.count == 1 ? "1 check" : "\(checks.count) checks" }

    private var description: String {
        let durations = checks.filter(\.isUp).map(\.duration).sorted()
        let failed = checks.count - durations.count
        let failures = "\(failed == 0 ? "none" : failed == checks.count ? "all" : "\(failed)") failed"
        guard let first = durations.first, let last = durations.last else { return failures }
        return "\(first.brief) to \(last.brief), median \(durations[durations.count / 2].brief); \(failures)"
    }

    /// In integers relative to the point before, which keeps it short.
    private var line: String {
        guard let peak else { return "" }
        let scale = Double(Sparkline.height - 5) / max(peak / .microseconds(1), 1)
        var path = ""
        var before: Int?
        for (index, check) in checks.enumerated() {
            guard check.isUp else {
                before = nil
                continue
            }
            let y = Sparkline.height - 3 - Int((check.duration / .microseconds(1) * scale).rounded())
            if let before {
                path += "l2 \(y - before)"
            } else {
                // The dot shows even a check between two failures.
                path += "M\(x(index)) \(y)h0"
            }
            before = y
        }
        return path
    }

    private var bars: String {
        checks.enumerated().filter { !$0.element.isUp }.map { "M\(x($0.offset)) 0v\(Sparkline.height)" }.joined()
    }

    private func x(_ index: Int) -> Int { 2 * (RecentChecks.limit - checks.count + index) + 1 }
}
