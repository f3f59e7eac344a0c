package import Health
import Time

/// A report for a terminal: the verdict, a table that begins with failed services, and for each failed service the reason
/// and advice. It is readable without colour.
package struct TableReport {
    private let look: Look
    /// The time of the report if the table shows since when each status has lasted; a single check does not know it.
    private let now: Timestamp?

    package static func encode(_ report: Report, _ look: Look = .plain) -> String {
        let checked = "checked \(report.checkedAt.rfc3339) in \(report.duration.brief)"
        return (lines(report, look) + [StyledLine(), StyledLine(checked, .faint)])
            .map { $0.text(look) + "\n" }
            .joined()
    }

    /// - Parameter showsSince: show since when each status has lasted. A single check does not know it.
    static func lines(_ report: Report, _ look: Look, showsSince: Bool = false) -> [StyledLine] {
        var verdict = TextReport.encode(report)
        if verdict.last == "\n" { verdict.removeLast() }
        let services = report.services.sickFirst(by: \.status)
        var sections = [StyledLine.wrap(verdict, .init(report.status), look)]
        let table = TableReport(look: look, now: showsSince ? report.checkedAt : nil)
        if !services.isEmpty { sections.append(table.table(services)) }
        sections += services.filter { $0.status != .healthy }.map { table.details($0) }
        return Array(sections.joined(separator: [StyledLine()]))
    }

    // MARK: The table

    private func table(_ services: [ServiceReport]) -> [StyledLine] {
        let since = now == nil ? [] : ["SINCE"]
        var rows = [(["", "STATUS", "SERVICE", "HTTP", "TIME"] + since + ["URL"]).map { piece($0, .faint) }]
        for service in services {
            guard service.isGroup else {
                if let target = service.instances.first {
                    rows.append(row(marked(service.status, service.name), target))
                }
                continue
            }
            let healthy = service.healthyCount
            let standing = "\(healthy) of \(service.instances.count) healthy, \(service.required) required"
            rows.append(
                marked(service.status, service.name) + ["-", "-"].map { piece($0) }
                    + (now.map { [piece(service.since.shown(at: $0))] } ?? []) + [piece(standing)])
            for instance in service.instances.sickFirst(by: \.status) {
                rows.append(row(marked(instance.status, "- \(instance.name)"), instance))
            }
        }
        return Table.lines(rows)
    }

    private func row(_ start: [StyledLine.Piece], _ target: TargetReport) -> [StyledLine.Piece] {
        let observation = target.observation
        return start
            + [piece(observation.httpStatus.map(String.init) ?? "-"), piece(observation.duration.brief)]
            + (now.map { [piece(target.since.shown(at: $0))] } ?? []) + [
                piece(Printable.escape(target.url))
            ]
    }

    private func marked(_ status: HealthStatus, _ name: String) -> [StyledLine.Piece] {
        let word = status == .healthy ? status.rawValue : status.rawValue.uppercased()
        let style = Style(status)
        return [piece(look.mark(status), style), piece(word, style), piece(Printable.escape(name))]
    }

    private func piece(_ text: String, _ style: Style = .plain) -> StyledLine.Piece {
        StyledLine.Piece(text: text, style: style)
    }

    // MARK: What is wrong

    private func details(_ service: ServiceReport) -> [StyledLine] {
        var lines = cause(service.name, service.status, service.reason, indent: 0)
        if let now {
            let last =
                service.lastHealthyAt.map { ", last healthy at \($0.clock(asOf: now))" } ?? ", not seen healthy yet"
            lines.append(
                StyledLine("  since \(service.since.shown(at: now))\(service.condition == .failed ? last : "")"))
        }
        guard service.isGroup else { return lines }
        for instance in service.instances.sickFirst(by: \.status) where instance.status != .healthy {
            lines += cause(instance.name, instance.status, instance.reason, indent: 2)
        }
        return lines
    }

    private func cause(_ name: String, _ status: HealthStatus, _ reason: Reason?, indent: Int) -> [StyledLine] {
        guard let reason else { return [] }
        let margin = String(repeating: " ", count: indent)
        let head = StyledLine(margin) + StyledLine("\(look.mark(status)) \(Printable.escape(name)):", Style(status))
        let why = "\(reason.code): \(Printable.escape(reason.description))"
        var lines = StyledLine.wrap(why, after: head + StyledLine(" "), indent: indent + 4, look)
        if let lookAt = reason.lookAt {
            let start = StyledLine(margin + "  look at: ", .strong)
            lines += StyledLine.wrap(lookAt, after: start, indent: indent + 4, look)
        }
        return lines
    }
}

extension Timestamp {
    /// The time in UTC to the second, with the date where it is not the day of `now`.
    func clock(asOf now: Timestamp) -> String {
        let text = rfc3339
        let seconds = text.prefix { $0 != "." } + "Z"
        return text.prefix(10) == now.rfc3339.prefix(10) ? String(seconds.dropFirst(11)) : String(seconds)
    }

    /// The same, with the time since then.
    func shown(at now: Timestamp) -> String {
        let elapsed = now.milliseconds - milliseconds
        return elapsed <= 0 ? clock(asOf: now) : "\(clock(asOf: now)) (\(Duration.milliseconds(elapsed).brief))"
    }
}
