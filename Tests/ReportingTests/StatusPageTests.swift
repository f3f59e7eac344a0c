import Foundation
import HTTPClient
import Health
import Testing
import Time

@testable import Reporting

@Suite("The status page")
struct StatusPageTests {
    private static func page(
        _ report: Report, _ detail: Detail = .full, _ selection: Selection = .all, refreshes: Bool = true,
        warnings: [String] = []
    ) -> String {
        StatusPage.encode(
            report, detail,
            StatusPage.Setting(
                node: "node-7", version: "0.1.0", selection: selection,
                code: report.status == .unhealthy ? 500 : 200, refreshes: refreshes),
            warnings: warnings)
    }

    /// What a person reads: the page without its tags, style and script, its space made one.
    private static func text(_ page: String) -> String {
        page.replacing(/(?s)<(style|script|head|svg)\b.*?<\/\1>/, with: "")
            .replacing(/<[^>]*>/, with: " ")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func title(_ page: String) -> String? {
        page.firstMatch(of: /<title>(.*?)<\/title>/).map { String($0.1) }
    }

    @Test("The page tells an upstream's own words, escaped, and what to look at, to those who may see details")
    func words() throws {
        let words = ResponseWords(body: Excerpt(quoting: "<b>no org id</b>"))
        let report = try Built.report([
            Built.service("loki", [(.down(.status(401, expected: .only(200), words: words)), 1)], status: 401)
        ])
        let page = Self.page(report)
        #expect(page.contains("answered 401, expected 200: &quot;&lt;b&gt;no org id&lt;/b&gt;&quot;"))
        #expect(Self.text(page).contains("Look at: the credentials that healthz sends; with tenants, X-Scope-OrgID"))
        #expect(!Self.page(report, .summary).contains("no org id"))
        #expect(!Self.page(report, .summary).contains("Look at"))
    }

    private static func sample() throws -> Report {
        try Built.report([
            Built.service("grafana", [(.up, 3), (Built.refused, 1), (.up, 3.1)]),
            Built.service("loki", [(.up, 2), (Built.refused, 0.4)]),
            Built.service("exporter", [(Built.refused, 0.4)], isCritical: false),
            Built.group(
                "tempo",
                [Built.target("http://a:3000", [(.up, 1.5)]), Built.target("http://b:3000", [(Built.refused, 0.4)])],
                required: 1),
        ])
    }

    @Test("The page of the node says since when configuration and secrets are in force, to those who may see details")
    func inForce() throws {
        let report = try Self.sample()
        let files = [
            SecretFile(path: "/run/<token>", since: Timestamp(milliseconds: 0)),
            SecretFile(path: "/run/tls.crt", since: report.checkedAt, isRefused: true),
        ]
        func page(_ detail: Detail, _ selection: Selection = .all) -> String {
            StatusPage.encode(
                report, detail,
                StatusPage.Setting(
                    node: "node-7", version: "0.1.0", selection: selection, code: 500, refreshes: true,
                    inForce: InForce(configuration: report.checkedAt, secrets: files)))
        }
        let text = Self.text(page(.full))
        let time = String(report.checkedAt.rfc3339.dropFirst(11).prefix(8))
        #expect(text.contains("Configuration and secrets in force Configuration since \(time) "))
        #expect(text.contains("/run/&lt;token&gt; since 1970-01-01 00:00:00 "))
        #expect(text.contains("/run/tls.crt since \(time) ; the new content is not valid and not used: see the log"))
        try Self.expectWellFormed(page(.full))
        for other in [page(.summary), page(.full, .only("loki"))] { #expect(!other.contains("in force")) }
    }

    @Test("It shows first whether the node is healthy, and then the state of each service")
    func content() throws {
        let page = try Self.page(Self.sample())
        let text = Self.text(page)
        #expect(Self.title(page) == "✕ Unhealthy: loki · node-7")
        for part in [
            "healthz · node-7 Unhealthy Because of loki (refused). Degraded: exporter (refused), tempo (instances). 1 of 4 healthy.",
            "Checked 2026-11-21 06:40:00 UTC in 12 ms . Clients are answered 500.",
            "loki unhealthy refused connection refused by 10.0.0.7:3100 Look at: is it running? on that port? http://loki:3000/ · no answer · "
                + "since 06:40:00 , just now · last healthy 06:39:55",
            "exporter degraded not critical refused",
            "not seen healthy since healthz started",
            "tempo degraded instances 1 of 2 instances is healthy, 1 required",
            "http://b:3000 unhealthy refused connection refused by 10.0.0.7:3100 Look at: is it running? on that port? no answer",
            "Needs attention loki", "Healthy grafana healthy 3.1 ms http://grafana:3000/",
            "3 checks since 06:39:50 , peak 3.1 ms, available 66.6 % last 10 s",
            "Latency none Available 50.0 % last 5 s", "Latency none Available 0.0 % one check",
            "JSON Metrics", "All times are UTC, unless they say otherwise. healthz 0.1.0",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(page.contains("<time datetime=\"2026-11-21T06:39:55.123Z\">06:39:55</time>"))
    }

    @Test("Failed services come first; otherwise the order is the configuration's")
    func order() throws {
        let page = try Self.page(Self.sample())
        let names = page.matches(of: /<h3>.*?<span class="name">(.*?)<\/span>/).map { String($0.1) }
        #expect(names == ["loki", "exporter", "tempo", "grafana"])
    }

    @Test("Runbooks are linked where something is wrong, and groups are headings")
    func notes() throws {
        let notes = ServiceNotes(runbook: "https://wiki.example/a?b=1&c=\"#d", group: "Logs <1>")
        let report = try Built.report([
            Built.service("a", [(Built.refused, 1)], notes: notes), Built.service("b", [(.up, 1)], notes: notes),
            Built.service("c", [(.up, 1)]),
        ])
        func page(_ report: Report, _ detail: Detail = .full) -> String {
            StatusPage.encode(
                report, detail,
                StatusPage.Setting(
                    node: "n", version: "1", selection: .all, code: 500, refreshes: true,
                    runbook: "https://wiki.example/node"))
        }
        let whole = page(report)
        #expect(whole.contains("<a href=\"https://wiki.example/node\">Runbook of this node</a>"))
        #expect(whole.contains("<a href=\"https://wiki.example/a?b=1&amp;c=&quot;#d\">Runbook of a</a>"))
        #expect(!whole.contains("Runbook of b"))
        #expect(whole.contains("<span class=\"tag\">Logs &lt;1&gt;</span></h3>"))
        let headings = whole.matches(of: /<h2 id="([^"]*)">(.*?)<\/h2>/).map { "\($0.1) \($0.2)" }
        #expect(
            headings == [
                "sick-heading Needs attention", "well-0-heading Logs &lt;1&gt;: healthy",
                "well-1-heading Others: healthy",
            ])
        #expect(!page(report, .summary).contains("wiki.example") && !page(report, .summary).contains("Logs"))
        #expect(try !page(Built.report([Built.service("b", [(.up, 1)])])).contains("wiki.example"))
    }

    @Test("Title and icon turn with the status")
    func heads() throws {
        let well = try Self.page(Built.report([Built.service("a", [(.up, 1)])]))
        let degraded = try Self.page(Built.report([Built.service("a", [(Built.refused, 1)], isCritical: false)]))
        let many = try Self.page(Built.report((1...20).map { try Built.service("s\($0)", [(Built.refused, 1)]) }))
        #expect(Self.title(well) == "✓ Healthy · node-7")
        #expect(Self.text(well).contains("The service answers as expected."))
        #expect(Self.title(degraded) == "! Degraded: a · node-7")
        #expect(Self.title(many) == "✕ Unhealthy: s1, s2, s3 and 17 more · node-7")
        let draining = try Self.page(Built.report([Built.service("a", [(.up, 1)])], .draining))
        #expect(Self.title(draining) == "‖ Draining · node-7")
        #expect(draining.contains("<section class=\"verdict draining\""))
        let icons = [well, degraded, many, draining].compactMap {
            $0.firstMatch(of: /rel="icon" href="([^"]*)"/).map { $0.1 }
        }
        #expect(Set(icons).count == 4)
    }

    @Test("A cause that concerns the whole node is shown", arguments: Report.Cause.allCases)
    func causes(cause: Report.Cause) throws {
        let page = try Self.page(Built.report([Built.service("a", [(.up, 1)])], cause))
        let headings: [Report.Cause: String] = [
            .draining: "Draining", .maintenance: "Maintenance", .stale: "Unhealthy: stale",
            .nothingChecked: "Unhealthy: nothing checked",
        ]
        #expect(Self.text(page).contains("node-7 \(headings[cause] ?? "?") "))
        #expect(Self.text(page).contains(cause.description.sentence))
        #expect(Self.title(page)?.hasSuffix(" \(headings[cause] ?? "?") · node-7") == true)
        let empty = Self.page(Built.report([], cause))
        #expect(!empty.contains("<h2"))
    }

    @Test("The reason of maintenance is shown with details, and not repeated in the heading")
    func maintenance() throws {
        let services = try [Built.service("a", [(.up, 1)])]
        let report = Built.report(services, .maintenance).with(note: "disk swap, back at 15:00")
        #expect(Self.text(Self.page(report)).contains("Maintenance Disk swap, back at 15:00. The service answers"))
        #expect(Self.text(Self.page(report, .summary)).contains("Maintenance The node is under maintenance. "))
        #expect(!Self.page(report, .summary).contains("disk swap"))
    }

    @Test("It shows the requested services, and the mistakes of the request")
    func selections() throws {
        let report = try Built.report([Built.service("a", [(.up, 1)])])
        #expect(Self.text(Self.page(report, .full, .only("a"))).contains("This page is about a alone."))
        let page = Self.page(report, .full, .excluding(["c", "b"]), warnings: ["exclude: no service is named \"<x>\""])
        #expect(Self.text(page).contains("Left out: b, c."))
        #expect(page.contains("<p class=\"warning\">Warning: exclude: no service is named &quot;&lt;x&gt;&quot;</p>"))
        #expect(page.contains("href=\"?exclude=b&amp;exclude=c&amp;refresh=off\""))
        let still = Self.page(report, .full, .excluding(["b"]), refreshes: false)
        #expect(still.contains("href=\"?exclude=b\">Refresh by itself"))
        let links = [page, still, Self.page(report, .full, .only("a")), Self.page(report)].map { page in
            page.matches(of: /href="(\/[^"]*)"/).map { String($0.1) }
        }
        #expect(
            links == [
                ["/", "/healthz?exclude=b&amp;exclude=c&amp;format=json", "/metrics"],
                ["/", "/healthz?exclude=b&amp;format=json", "/metrics"], ["/", "/healthz/a?format=json", "/metrics"],
                ["/healthz?format=json", "/metrics"],
            ])
        #expect(!still.contains("<script>") && !still.contains("http-equiv"))
    }

    @Test("Results that contradict the status are shown")
    func against() throws {
        let threshold = Threshold(rise: 2, fall: 3)
        let page = try Self.page(
            Built.report([
                Built.service("a", [(.up, 1), (Built.refused, 1)], threshold: threshold),
                Built.service("b", [(Built.refused, 1), (.up, 1)], threshold: threshold),
            ]))
        #expect(Self.text(page).contains("Failing, 1 of 3: refused connection refused by 10.0.0.7:3100"))
        #expect(Self.text(page).contains("Recovering, 1 of 2"))
        // Though it is healthy still.
        #expect(!Self.text(page).contains(" Healthy "))
    }

    @Test("The summary has only names and verdicts")
    func summary() throws {
        let page = try Self.page(Self.sample(), .summary)
        for secret in [
            "refused", "10.0.0.7", "http://", "3000", "since", "ms Avail", "class=\"marks", "node-7", "instances",
        ] {
            let shown = page.replacing("xmlns='http://www.w3.org/2000/svg'", with: "")
                .replacing(StatusPage.style, with: "").replacing(StatusPage.script, with: "")
            #expect(!shown.contains(secret), "\(secret)")
        }
        let text = Self.text(page)
        #expect(text.contains("loki unhealthy exporter degraded not critical tempo degraded Healthy grafana healthy"))
        #expect(text.contains("are not shown to you. A request with the token shows them"))
    }

    @Test("Text from outside is shown as text everywhere")
    func hostile() throws {
        let attack =
            "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\u{0}\u{1B}[31m\u{202E}\u{2028}</title></style>"
        let verdict = Verdict.down(.transfer(.tls(detail: attack)))
        let page = try Self.page(
            Built.report([
                Built.service("a", [(verdict, 1)]),
                Built.service("b", [(.up, 1), (verdict, 1)], threshold: Threshold(rise: 1, fall: 2)),
                Built.group("g", [Built.target(attack, [(verdict, 1)])], required: 1),
            ]), warnings: [attack])
        #expect(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("'><"))
        #expect(!page.unicodeScalars.contains { Printable.isControl($0) && $0 != "\n" })
        let escaped =
            "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;lt;\\u{0}\\u{1b}[31m\\u{202e}\\u{2028}&lt;/title&gt;"
        // Two causes and what is on its way, the instance's cause and name (thrice), the warning.
        #expect(page.components(separatedBy: escaped).count - 1 >= 6)
        try Self.expectWellFormed(page)
    }

    @Test("Each page is well formed: tags are closed, ids are unique, what is referred to is there")
    func wellFormed() throws {
        try Self.expectWellFormed(Self.page(Self.sample()))
        try Self.expectWellFormed(Self.page(Self.sample(), .summary))
        try Self.expectWellFormed(Self.page(Built.report([], .draining), refreshes: false))
    }

    @Test("An error is a page with a way back")
    func errors() throws {
        let page = ErrorPage.encode("404 Not Found", "no service is named \"<x>\"")
        try Self.expectWellFormed(page)
        #expect(Self.title(page) == "? 404 Not Found · healthz")
        #expect(Self.text(page).contains("No service is named &quot;&lt;x&gt;&quot;. The status of this node"))
        #expect(page.contains("<a href=\"/\">"))
    }

    @Test("The same report always gives the same page, so one page serves all clients")
    func pure() throws {
        let report = try Self.sample()
        #expect(Self.page(report) == Self.page(report))
    }

    static func expectWellFormed(_ page: String) throws {
        #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\""))
        let markup = page.replacing(StatusPage.style, with: "").replacing(StatusPage.script, with: "")
        let void: Set<Substring> = ["meta", "link", "path"]
        var open: [Substring] = []
        for match in markup.matches(of: /<(\/?)([a-z0-9]+)([^<>]*)>/) {
            let (_, slash, name, rest) = match.output
            if void.contains(name) || rest.hasSuffix("/") { continue }
            if slash.isEmpty { open.append(name) } else { #expect(open.popLast() == name) }
            let names = rest.replacing(/"[^"]*"/, with: "")
            #expect(
                !names.contains(" style=") && !names.contains(" on"), "an attribute that the policy forbids: \(rest)")
        }
        #expect(open.isEmpty)
        #expect(markup.matches(of: /[<>]/).count == 2 * (markup.matches(of: /<[^<>]*>/).count), "a stray bracket")
        let ids = markup.matches(of: /\sid="([^"]*)"/).map { $0.1 }
        #expect(Set(ids).count == ids.count)
        for references in markup.matches(of: /aria-labelledby="([^"]*)"/) {
            for id in references.1.split(separator: " ") { #expect(ids.contains(id)) }
        }
        for reference in markup.matches(of: /<use href="#([^"]*)"/) { #expect(ids.contains(reference.1)) }
        #expect(markup.matches(of: /<h1/).count == 1 && markup.matches(of: /<main/).count == 1)
        // No source outside: links lead to the page itself, pictures are in it.
        for address in markup.matches(of: /(?:href|src)="([^"]*)"/) {
            #expect(
                ["#", "?", "/", "data:image/svg+xml,"].contains { address.1.hasPrefix($0) }
                    && !address.1.hasPrefix("//"), "\(address.1)")
        }
    }
}
