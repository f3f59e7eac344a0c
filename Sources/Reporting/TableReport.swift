package import Health

/// A report as a table for a terminal: one line a service, and below it one an instance; readable without colour.
package enum TableReport {
    package static func encode(_ report: Report) -> String {
        var rows = [["STATUS", "SERVICE", "HTTP", "TIME", "URL", "REASON"]]
        for service in report.services {
            guard service.isGroup else {
                if let target = service.instances.first { rows.append(row(service.status, service.name, target)) }
                continue
            }
            let healthy = service.instances.count(where: \.isUp)
            let standing = "\(healthy) of \(service.instances.count) healthy, \(service.required) required"
            rows.append([mark(service.status), service.name, "-", "-", "-", standing])
            for instance in service.instances { rows.append(row(instance.status, "- \(instance.name)", instance)) }
        }
        return Table.text(rows)
    }

    private static func row(_ status: HealthStatus, _ name: String, _ target: TargetReport) -> [String] {
        let observation = target.observation
        let reason = target.reason.map { "\($0.code): \(Printable.escape($0.description))" }
        return [
            mark(status), name, observation.httpStatus.map(String.init) ?? "-", observation.duration.brief,
            target.url.description, reason ?? "",
        ]
    }

    private static func mark(_ status: HealthStatus) -> String {
        status == .healthy ? status.rawValue : status.rawValue.uppercased()
    }
}

/// Columns aligned by spaces.
package enum Table {
    /// Lines end with a line feed and without blanks.
    package static func text(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = zip(row, widths)
                .map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }
        .joined()
    }
}
