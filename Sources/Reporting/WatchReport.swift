import Health
import Time

/// A watch for a terminal.
package enum WatchReport {
    /// What fills the window while the watch goes on.
    /// - Parameters:
    ///   - height: of the window, in lines; nil where it is not known.
    ///   - waiting: for how long the present round has been out; nil where there is none.
    /// - Returns: the lines, as they are to be shown.
    package static func frame(
        _ watch: Watch, every interval: String, _ look: Look, height: Int?, waiting: Duration?
    ) -> [String] {
        let state = waiting.map { "checking for \($0.brief)" } ?? "every \(interval)"
        let head = watch.latest.map { "\(round(watch, $0)); \(state)" } ?? state
        var lines = [StyledLine("\(head); Ctrl-C ends it", .faint)]
        if let latest = watch.latest { lines += [StyledLine()] + TableReport.lines(latest, look, showsSince: true) }
        if !watch.changes.isEmpty {
            lines += [StyledLine(), StyledLine("Changes", .strong)]
            lines += watch.changes.map { change($0, isFresh: $0.round == watch.rounds, look) }
        }
        if let height, lines.count > height, height > 0 {
            let kept = lines.prefix(height - 1)
            lines = kept + [StyledLine("\(look.ellipsis) \(lines.count - kept.count) more lines", .faint)]
        }
        return lines.map { $0.text(look) }
    }

    /// The last round, to stand below the one before it.
    package static func round(_ watch: Watch, _ look: Look) -> String {
        guard let latest = watch.latest else { return "" }
        var lines = [StyledLine(round(watch, latest), .faint)]
        lines += TableReport.lines(latest, look, showsSince: true)
        let fresh = watch.changes.filter { $0.round == watch.rounds }
        if !fresh.isEmpty {
            lines += [StyledLine(), StyledLine("Changes", .strong)]
            lines += fresh.map { change($0, isFresh: true, look) }
        }
        return (lines + [StyledLine()]).map { $0.text(look) + "\n" }.joined()
    }

    private static func round(_ watch: Watch, _ report: Report) -> String {
        "round \(watch.rounds) at \(report.checkedAt.rfc3339) took \(report.duration.brief)"
    }

    /// What is new bears a sign, too, and not only weight.
    private static func change(_ change: Watch.Change, isFresh: Bool, _ look: Look) -> StyledLine {
        let time = change.at.clock(asOf: change.at)
        let text = "\(Printable.escape(change.name)): \(change.from) -> \(change.to), after \(change.lasted.brief)"
        return StyledLine("\(isFresh ? ">" : " ") \(time)  ")
            + StyledLine("\(look.mark(change.to.status)) ", Style(change.to.status))
            + StyledLine(text, isFresh ? .strong : .plain)
    }
}

extension Watch.Standing: CustomStringConvertible {
    var description: String { status.rawValue + (reason.map { " (\($0))" } ?? "") }
}
