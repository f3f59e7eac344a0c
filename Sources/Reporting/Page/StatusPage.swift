package import Health
import Time

/// A report as a page for people: one document that needs nothing else, and no script to be read.
package struct StatusPage {
    /// What stands on the page besides the report.
    package struct Setting: Sendable {
        /// The machine's name.
        let node: String
        /// The program's.
        let version: String
        /// What the report is about.
        let selection: Selection
        /// The status of the answer that the page is the content of.
        let code: Int
        /// Whether it fetches itself again.
        let refreshes: Bool
        /// The address of a page that says what to do when the node is unhealthy.
        let runbook: String?
        /// What service discovery has been told of the node.
        let discovery: [DiscoveryFigures]

        package init(
            node: String, version: String, selection: Selection, code: Int, refreshes: Bool, runbook: String? = nil,
            discovery: [DiscoveryFigures] = []
        ) {
            (self.runbook, self.discovery) = (runbook, discovery)
            self.node = node
            self.version = version
            self.selection = selection
            self.code = code
            self.refreshes = refreshes
        }
    }

    /// How long a page stands before it is fetched again.
    static let refresh: Duration = .seconds(10)

    private let report: Report
    private let detail: Detail
    private let setting: Setting
    private let warnings: [String]

    /// - Parameter warnings: of the request, such as the name of a service that does not exist.
    package static func encode(
        _ report: Report, _ detail: Detail = .full, _ setting: Setting, warnings: [String] = []
    ) -> String {
        StatusPage(report: report, detail: detail, setting: setting, warnings: warnings).document
    }

    private var document: String {
        """
        <!DOCTYPE html>
        <html lang="en" data-refresh="\(seconds)">
        <head>
        <meta charset="utf-8">
        <title>\(title)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <link rel="icon" href="\(StatusMark.icon(status))" data-lost="\(StatusMark.icon(.lost))">
        \(setting.refreshes ? "<noscript><meta http-equiv=\"refresh\" content=\"\(seconds)\"></noscript>\n" : "")\
        <style>\(StatusPage.style)</style>
        </head>
        <body>
        \(StatusMark.symbols)
        <p id="news" role="status"></p>
        <p id="tip" aria-hidden="true" hidden></p>
        <main>
        \(verdict)
        \(services)\
        \(RegistrationList(now: report.checkedAt, detail: detail).section(setting.discovery))
        </main>
        \(footer)
        \(setting.refreshes ? "<script>\(StatusPage.script)</script>\n" : "")\
        </body>
        </html>

        """
    }

    private var status: PageStatus { PageStatus(report) }

    private var seconds: Int { Int(StatusPage.refresh / .seconds(1)) }

    private var title: String {
        let names = list(report.status, atMost: 3)
        let word = "\(StatusMark.character(status)) \(headline)"
        return HTML.escape(
            ([names.isEmpty || report.cause != nil ? word : "\(word): \(names)"] + place).joined(separator: " · "))
    }

    /// Which machine it is, where that may be told.
    private var place: [String] { detail == .full ? [setting.node] : [] }

    private var headline: String {
        let word = report.status.rawValue.prefix(1).uppercased() + report.status.rawValue.dropFirst()
        return switch report.cause {
        case nil: word
        case .draining: "Draining"
        case .nothingChecked: "\(word): nothing checked"
        case .stale: "\(word): stale"
        case .maintenance: "Maintenance"
        }
    }

    private var verdict: String {
        """
        <section class="verdict \(status.rawValue)" id="verdict" aria-labelledby="headline">
        <p class="place">\((["healthz"] + place).map { HTML.escape($0) }.joined(separator: " · "))</p>
        <h1 id="headline">\(StatusMark.use(status))\(headline)</h1>
        <p class="gist">\(HTML.escape(gist, limit: 2000))</p>
        \(runbook)<p class="checked">\(checked)<span class="answered"> Clients are answered \(setting.code).</span></p>
        \(warnings.map { "<p class=\"warning\">Warning: \(HTML.escape($0))</p>\n" }.joined())</section>
        """
    }

    /// Where the node is not healthy, and the reader may know more than that. Else the paragraph is empty: with it gone, the
    /// script would have to replace the paragraphs round it.
    private var runbook: String {
        guard detail == .full, let address = setting.runbook else { return "" }
        let link = "<a href=\"\(HTML.escape(address, limit: .max))\">Runbook of this node</a>"
        return "<p class=\"runbook\">\([.degraded, .unhealthy].contains(status) ? link : "")</p>\n"
    }

    private var checked: String {
        // The script writes the local time and the age into the span.
        let time = "\(PageTime.absolute(report.checkedAt)) UTC"
        let age = "<span class=\"age\"></span>."
        return report.duration > .zero ? "Checked \(time) in \(report.duration.unbroken)\(age)" : "As of \(time)\(age)"
    }

    /// In a sentence or two, what is the matter.
    private var gist: String {
        var sentences: [String] = []
        if let cause { sentences.append(cause.sentence) }
        switch setting.selection {
        case .all: break
        case .only(let name): sentences.append("This page is about \(name) alone.")
        case .excluding(let names): sentences.append("Left out: \(names.sorted().joined(separator: ", ")).")
        }
        for status in [HealthStatus.unhealthy, .degraded] {
            let names = list(status, atMost: 12, withReasons: true)
            // The heading has said the word.
            let isInHeading = status == report.status && report.cause == nil
            let words = isInHeading ? "Because of " : status == .unhealthy ? "Unhealthy: " : "Degraded: "
            if !names.isEmpty { sentences.append("\(words)\(names).") }
        }
        sentences += count
        return sentences.joined(separator: " ")
    }

    private var cause: String? {
        // The heading has said that it is maintenance.
        if report.cause == .maintenance, detail == .full, !report.note.isEmpty { return report.note }
        return report.message(withNote: detail == .full)
    }

    private var count: [String] {
        let (healthy, count) = (report.services.count { $0.status == .healthy }, report.services.count)
        switch (healthy, count) {
        case (_, 0): return report.cause == .draining ? ["No service had been checked."] : []
        case (1, 1): return ["The service answers as expected."]
        case (count, _): return ["All \(count) services answer as expected."]
        default: return ["\(healthy) of \(count) healthy."]
        }
    }

    /// - Parameter withReasons: where they may be told.
    private func list(_ status: HealthStatus, atMost limit: Int, withReasons: Bool = false) -> String {
        guard status != .healthy else { return "" }
        let services = report.services.filter { $0.status == status }
        let names = services.prefix(limit).map { service in
            guard withReasons, detail == .full, let reason = service.reason else { return service.name }
            return "\(service.name) (\(reason.code))"
        }
        let rest = services.count - limit
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private var services: String {
        let sorted = report.services.sickFirst(by: \.status)
        return list(sorted.filter(\.needsAttention), "Needs attention", "sick", id: "sick") + healthy
    }

    /// Under a heading for each group, if there are any.
    private var healthy: String {
        let services = report.services.filter { !$0.needsAttention }
        var groups: [String?] = []
        for service in services where !groups.contains(service.notes.group) { groups.append(service.notes.group) }
        let hasGroups = detail == .full && groups.contains { $0 != nil }
        guard hasGroups else { return list(services, "Healthy", "well", id: "well") }
        return groups.enumerated().map { index, group in
            let heading = "\(HTML.escape(group ?? "Others")): healthy"
            return list(services.filter { $0.notes.group == group }, heading, "well", id: "well-\(index)")
        }
        .joined()
    }

    private func list(_ services: [ServiceReport], _ heading: String, _ kind: String, id: String) -> String {
        guard !services.isEmpty else { return "" }
        let entry = ServiceEntry(now: report.checkedAt, detail: detail)
        return """
            <h2 id="\(id)-heading">\(heading)</h2>
            <ul class="services \(kind)" id="\(id)" aria-labelledby="\(id)-heading">
            \(services.map(entry.item).joined(separator: "\n"))
            </ul>

            """
    }

    private var footer: String {
        let hidden =
            "Causes, times and addresses are not shown to you. A request with the token shows them, if one is set: "
        let away = detail == .full ? "" : "<p>\(hidden)<code>Authorization: Bearer …</code></p>\n"
        let (state, link) =
            setting.refreshes
            ? ("This page fetches itself again every \(StatusPage.refresh.unbroken).", "Pause")
            : ("This page stays as it is.", "Refresh by itself")
        return """
            <footer>
            <nav aria-label="More about this node">\(links)</nav>
            <p>\(state) <a id="refresh" href="\(HTML.escape(refreshQuery, limit: .max))">\(link)</a></p>
            \(away)<p>All times are UTC, unless they say otherwise. healthz \(HTML.escape(setting.version))</p>
            </footer>
            """
    }

    private var links: String {
        var links: [(name: String, address: String)] = []
        if setting.selection != .all { links.append(("The whole node", "/")) }
        let path = if case .only(let name) = setting.selection { "/healthz/\(name)" } else { "/healthz" }
        links.append(("JSON", path + "?" + (exclusions + ["format=json"]).joined(separator: "&")))
        links.append(("Metrics", "/metrics"))
        return links.map { "<a href=\"\(HTML.escape($0.address, limit: .max))\">\($0.name)</a>" }.joined(separator: " ")
    }

    private var exclusions: [String] {
        if case .excluding(let names) = setting.selection { names.sorted().map { "exclude=\($0)" } } else { [] }
    }

    /// The same page, with the refresh turned over.
    private var refreshQuery: String {
        "?" + (exclusions + (setting.refreshes ? ["refresh=off"] : [])).joined(separator: "&")
    }
}
