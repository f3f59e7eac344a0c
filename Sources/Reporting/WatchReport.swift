import Health
import Time

/// A watch for a terminal.
package enum WatchReport {
    /// The activity of a watch, for the first line of its window.
    package enum Activity: CustomStringConvertible {
        /// A round has been running for that long.
        case checking(Duration)
        /// The next round begins an interval after the last one.
        case pausing(interval: String)

        package var description: String {
            switch self {
            case .checking(let time): "checking for \(time.brief)"
            case .pausing(let interval): "every \(interval)"
            }
        }
    }

    /// The content of the window during a watch.
    /// - Parameter height: of the window, in lines; nil if it is not known.
    /// - Returns: the lines of text.
    package static func frame(_ watch: Watch, _ activity: Activity, _ look: Look, height: Int?) -> [String] {
        let head = watch.latest.map { "\(round(watch, $0)); \(activity)" } ?? "\(activity)"
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

    /// The last round, for a terminal whose lines are not replaced.
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

    /// A new change has a sign and bold text: bold text alone is not visible everywhere.
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
