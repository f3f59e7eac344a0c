package import Health
import Time

/// A report for a terminal: the verdict, a table with the sick first, and below it for each of them why, and what to look
/// at; readable without colour.
package enum TableReport {
    package static func encode(_ report: Report, _ look: Look = .plain) -> String {
        let checked = "checked \(report.checkedAt.rfc3339) in \(report.duration.brief)"
        return (lines(report, look) + [StyledLine(), StyledLine(checked, .faint)])
            .map { $0.text(look) + "\n" }
            .joined()
    }

    /// - Parameter showsSince: since when each stands as it does; of a single check that says nothing.
    static func lines(_ report: Report, _ look: Look, showsSince: Bool = false) -> [StyledLine] {
        var verdict = TextReport.encode(report)
        if verdict.last == "\n" { verdict.removeLast() }
        let services = report.services.sickFirst(by: \.status)
        var sections = [StyledLine.wrap(verdict, .init(report.status), look)]
        if !services.isEmpty { sections.append(table(services, look, showsSince ? report.checkedAt : nil)) }
        sections += services.filter { $0.status != .healthy }.map { service in
            details(service, look, showsSince ? report.checkedAt : nil)
        }
        return Array(sections.joined(separator: [StyledLine()]))
    }

    // MARK: The table

    private static func table(_ services: [ServiceReport], _ look: Look, _ now: Timestamp?) -> [StyledLine] {
        let since = now == nil ? [] : ["SINCE"]
        var rows = [(["", "STATUS", "SERVICE", "HTTP", "TIME"] + since + ["URL"]).map { piece($0, .faint) }]
        for service in services {
            guard service.isGroup else {
                if let target = service.instances.first {
                    rows.append(row(service.status, service.name, target, look, now))
                }
                continue
            }
            let healthy = service.healthyCount
            let standing = "\(healthy) of \(service.instances.count) healthy, \(service.required) required"
            rows.append(
                marked(service.status, service.name, look) + ["-", "-"].map { piece($0) }
                    + (now.map { [piece(service.since.shown(at: $0))] } ?? []) + [piece(standing)])
            for instance in service.instances.sickFirst(by: \.status) {
                rows.append(row(instance.status, "- \(instance.name)", instance, look, now))
            }
        }
        return Table.lines(rows)
    }

    private static func row(
        _ status: HealthStatus, _ name: String, _ target: TargetReport, _ look: Look, _ now: Timestamp?
    ) -> [StyledLine.Piece] {
        let observation = target.observation
        return marked(status, name, look)
            + [piece(observation.httpStatus.map(String.init) ?? "-"), piece(observation.duration.brief)]
            + (now.map { [piece(target.since.shown(at: $0))] } ?? []) + [
                piece(Printable.escape(target.url))
            ]
    }

    private static func marked(_ status: HealthStatus, _ name: String, _ look: Look) -> [StyledLine.Piece] {
        let word = status == .healthy ? status.rawValue : status.rawValue.uppercased()
        let style = Style(status)
        return [piece(look.mark(status), style), piece(word, style), piece(Printable.escape(name))]
    }

    private static func piece(_ text: String, _ style: Style = .plain) -> StyledLine.Piece {
        StyledLine.Piece(text: text, style: style)
    }

    // MARK: What is wrong

    private static func details(_ service: ServiceReport, _ look: Look, _ now: Timestamp?) -> [StyledLine] {
        var lines = cause(service.name, service.status, service.reason, indent: 0, look)
        if let now {
            let last =
                service.lastHealthyAt.map { ", last healthy at \($0.clock(asOf: now))" } ?? ", not seen healthy yet"
            lines.append(
                StyledLine("  since \(service.since.shown(at: now))\(service.condition == .failed ? last : "")"))
        }
        guard service.isGroup else { return lines }
        for instance in service.instances.sickFirst(by: \.status) where instance.status != .healthy {
            lines += cause(instance.name, instance.status, instance.reason, indent: 2, look)
        }
        return lines
    }

    private static func cause(
        _ name: String, _ status: HealthStatus, _ reason: Reason?, indent: Int, _ look: Look
    ) -> [StyledLine] {
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

    /// With how long ago that was, if it was.
    func shown(at now: Timestamp) -> String {
        let elapsed = now.milliseconds - milliseconds
        return elapsed <= 0 ? clock(asOf: now) : "\(clock(asOf: now)) (\(Duration.milliseconds(elapsed).brief))"
    }
}
