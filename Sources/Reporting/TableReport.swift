package import Health

/// A report as a table for a terminal: one line a service, readable without colour.
package enum TableReport {
    package static func encode(_ report: Report) -> String {
        var rows = [["STATUS", "SERVICE", "HTTP", "TIME", "URL", "REASON"]]
        for service in report.services {
            let observation = service.observation
            var reason = ""
            if case .down(let why) = observation.verdict {
                reason = "\(why.code): \(Printable.escape(why.description))"
            }
            rows.append([
                service.status == .healthy ? "healthy" : "UNHEALTHY", service.name,
                observation.httpStatus.map(String.init) ?? "-", observation.duration.brief,
                service.url.description, reason,
            ])
        }
        return Table.text(rows)
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
