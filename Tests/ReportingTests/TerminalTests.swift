import Foundation
import HTTPClient
import Health
import Testing
import Time

@testable import Reporting

@Suite("Output for terminals")
struct TerminalTests {
    private static let unicode = Look(isColoured: false, isUnicode: true, width: nil)

    @Test(
        "Colour is on by the conventions",
        arguments: [
            (["TERM": "xterm"], true, true), (["TERM": "xterm"], false, false), ([:], true, false),
            (["TERM": "dumb"], true, false), (["TERM": "xterm", "NO_COLOR": "1"], true, false),
            (["TERM": "xterm", "NO_COLOR": ""], true, true), (["CLICOLOR_FORCE": "1"], false, true),
            (["CLICOLOR_FORCE": "0"], false, false), (["CLICOLOR_FORCE": ""], false, false),
            (["CLICOLOR_FORCE": "1", "NO_COLOR": "x"], true, false),
            (["CLICOLOR_FORCE": "1", "CLICOLOR": "0"], false, true),
            (["TERM": "xterm", "CLICOLOR": "0"], true, false), (["TERM": "xterm", "CLICOLOR": "1"], true, true),
            (["CLICOLOR": "1"], false, false),
        ] as [([String: String], Bool, Bool)])
    func colour(environment: [String: String], isTerminal: Bool, isColoured: Bool) {
        #expect(Look(environment, isTerminal: isTerminal, width: nil).isColoured == isColoured)
    }

    @Test(
        "Marks are beyond ASCII where the locale and the console have them",
        arguments: [
            ([:], false), (["LANG": "C"], false), (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8"], true),
            (["LANG": "de_DE.UTF-8", "LC_ALL": "C"], false), (["LC_CTYPE": "en_US.UTF-8", "LANG": "C"], true),
            (["LC_ALL": "", "LANG": "sr_RS.UTF-8@latin"], true), (["LANG": "C.UTF-8", "TERM": "linux"], false),
        ] as [([String: String], Bool)])
    func marks(environment: [String: String], isUnicode: Bool) {
        #expect(Look(environment, isTerminal: true, width: nil).isUnicode == isUnicode)
    }

    @Test("Columns are aligned by characters")
    func aligned() {
        #expect(
            Table.text([["grafana", "a"], ["loki", "b"], ["u\u{308}", "c"], ["", "d"]]) == """
                grafana  a
                loki     b
                ü        c
                         d

                """)
    }

    @Test(
        "A line that is too long is cut, and never within a character",
        arguments: [
            (10, "0123456789"), (9, "01234567…"), (1, "…"), (0, ""),
        ])
    func cut(width: Int, expected: String) {
        let look = Look(isColoured: false, isUnicode: true, width: width)
        #expect(StyledLine("0123456789").text(look) == expected)
    }

    @Test("A line is cut by its text, and a colour always ends")
    func cutColoured() {
        let line = StyledLine("u\u{308}nhealthy", .bad)
        #expect(line.text(Look(isColoured: false, isUnicode: true, width: 4)) == "u\u{308}nh…")
        #expect(line.text(Look(isColoured: true, isUnicode: false, width: 7)) == "\u{1B}[1;31mu\u{308}nhe\u{1B}[0m...")
    }

    @Test("Long text goes on below, indented")
    func wrapped() {
        let look = Look(isColoured: false, isUnicode: true, width: 24)
        let lines = StyledLine.wrap(
            "connection refused by 10.0.0.7:3100 and aVeryLongWordWithoutAnyBlankInIt", after: StyledLine("loki: "),
            indent: 2, look)
        #expect(
            lines.map { $0.text(look) } == [
                "loki: connection refused", "  by 10.0.0.7:3100 and", "  aVeryLongWordWithoutAn", "  yBlankInIt",
            ])
        #expect(
            StyledLine.wrap("a b", after: StyledLine("x: "), indent: 2, .plain).map { $0.text(.plain) } == ["x: a b"])
    }

    @Test("Failed services come first, each with its reason and advice")
    func table() throws {
        let report = try Reports.report([
            Reports.service("grafana", .up, status: 200),
            Reports.service("exporter", Reports.refused, isCritical: false),
            Reports.service("loki", Reports.refused, milliseconds: 0.4),
            Reports.group("mimir", [("a", .up), ("b", Reports.refused)], required: 1),
        ])
        #expect(
            TableReport.encode(report, Self.unicode) == """
                Unhealthy: loki (refused); degraded: exporter (refused), mimir (instances)

                   STATUS     SERVICE   HTTP  TIME    URL
                ✗  UNHEALTHY  loki      -     0.4 ms  http://loki:3000/
                !  DEGRADED   exporter  -     3.1 ms  http://exporter:3000/
                !  DEGRADED   mimir     -     -       1 of 2 healthy, 1 required
                ✗  UNHEALTHY  - b       -     3.1 ms  http://b:3000/
                ✓  healthy    - a       -     3.1 ms  http://a:3000/
                ✓  healthy    grafana   200   3.1 ms  http://grafana:3000/

                ✗ loki: refused: connection refused by 10.0.0.7:3100
                  look at: is it running? on that port?

                ! exporter: refused: connection refused by 10.0.0.7:3100
                  look at: is it running? on that port?

                ! mimir: instances: 1 of 2 instances is healthy, 1 required
                  ✗ b: refused: connection refused by 10.0.0.7:3100
                    look at: is it running? on that port?

                checked 2026-11-21T06:40:00.123Z in 12 ms

                """)
    }

    @Test("Colour changes nothing but the colour")
    func coloured() throws {
        let report = try Reports.report([
            Reports.service("loki", Reports.refused), Reports.service("exporter", Reports.refused, isCritical: false),
            Reports.service("grafana", .up),
        ])
        let coloured = TableReport.encode(report, Look(isColoured: true, isUnicode: true, width: nil))
        for code in ["[1;31m✗", "[33m!", "[32m✓"] { #expect(coloured.contains("\u{1B}\(code)\u{1B}[0m")) }
        #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == TableReport.encode(report, Self.unicode))
    }

    @Test("Control characters of upstreams do not reach the terminal, and no line is wider than it")
    func hostile() throws {
        let nasty = "\u{1B}]0;x\u{7}\u{1B}[2J\r\n\u{9B}31m\u{202E}" + String(repeating: "日x ", count: 80)
        let report = try Reports.report([
            Reports.service("loki", .down(.transfer(.tls(detail: nasty)))),
            Reports.service("tempo", .down(.status(503, expected: .only(404))), status: 503),
        ])
        for width in [20, 40, 79, 120] {
            let text = TableReport.encode(report, Look(isColoured: false, isUnicode: true, width: width))
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !Printable.isControl($0) })
            // Causes are never cut, so that in a very narrow window the terminal wraps them.
            guard width > 24 else { continue }
            for line in text.split(separator: "\n") { #expect(String(line).count <= width, "\(line)") }
            #expect(text.contains("look at: "))
        }
    }

    @Test("A watch shows the changes, their times, and the duration of the former state")
    func watch() throws {
        var watch = Watch()
        func round(_ verdict: Verdict, second: Int64) throws {
            watch.record(
                Report(
                    checkedAt: Timestamp(milliseconds: 1_795_243_200_000 + second * 1000), duration: .milliseconds(3),
                    services: [
                        try Reports.service("grafana", .up, status: 200), try Reports.service("loki", verdict),
                    ]))
        }
        try round(.up, second: 0)
        #expect(watch.changes.isEmpty)
        try round(Reports.refused, second: 2)
        try round(Reports.refused, second: 4)
        let words = ResponseWords(body: Excerpt(quoting: "Application is stopping"))
        try round(.down(.status(503, expected: .only(404), words: words)), second: 6)
        #expect(
            WatchReport.frame(watch, .pausing(interval: "2s"), Self.unicode, height: nil) == [
                "round 4 at 2026-11-21T06:40:06.000Z took 3 ms; every 2s; Ctrl-C ends it", "",
                "Unhealthy: loki (status)", "",
                "   STATUS     SERVICE  HTTP  TIME    SINCE               URL",
                "✗  UNHEALTHY  loki     -     3.1 ms  06:00:00Z (40 min)  http://loki:3000/",
                "✓  healthy    grafana  200   3.1 ms  06:00:00Z (40 min)  http://grafana:3000/", "",
                #"✗ loki: status: answered 503, expected 404: "Application is stopping""#,
                "  look at: starting, stopping, a full disk, a dead peer? see its log too",
                "  since 06:00:00Z (40 min), not seen healthy yet", "", "Changes",
                "> 06:40:06Z  ✗ loki: unhealthy (refused) -> unhealthy (status), after 4 s",
                "  06:40:02Z  ✗ loki: healthy -> unhealthy (refused), after 2 s",
            ])
        let small = WatchReport.frame(
            watch, .checking(.milliseconds(700)), Look(isColoured: false, isUnicode: true, width: 40), height: 6)
        #expect(small.count == 6)
        #expect(small.last == "… 12 more lines")
        #expect(small.allSatisfy { $0.count <= 40 })
        let printed = WatchReport.round(watch, .plain)
        #expect(printed.contains("\n> 06:40:06Z  x loki: unhealthy (refused) -> unhealthy (status), after 4 s\n"))
        #expect(!printed.contains("healthy -> unhealthy (refused)"))
    }

    @Test("During the first check, the frame shows how long it has been running")
    func firstFrame() {
        #expect(
            WatchReport.frame(Watch(), .checking(.milliseconds(1200)), .plain, height: 24)
                == ["checking for 1.2 s; Ctrl-C ends it"])
    }

    @Test("The number of kept changes is limited")
    func bounded() throws {
        var watch = Watch()
        for round in 0..<50 {
            watch.record(
                Report(
                    checkedAt: Timestamp(milliseconds: Int64(round) * 1000), duration: .zero,
                    services: [try Reports.service("loki", round.isMultiple(of: 2) ? .up : Reports.refused)]))
        }
        #expect(watch.changes.count == 20)
        #expect(watch.changes.first?.round == 50)
    }

    @Test("Progress shows the services that are still checked, in one line that fits")
    func progress() {
        var progress = Progress(["grafana", "loki", "日志"])
        progress.receive("grafana")
        #expect(
            progress.line(after: .milliseconds(1200), .plain) == "1 of 3 are back after 1.2 s, waiting for loki, 日志")
        let narrow = Look(isColoured: false, isUnicode: true, width: 20)
        #expect(progress.line(after: .milliseconds(1200), narrow) == "1 of 3 are back af…")
    }

    @Test(
        "Times are of the day, with the date of another",
        arguments: [
            (1_795_243_170_000, "06:39:30Z (30.1 s)"), (1_795_243_200_123, "06:40:00Z"),
            (1_795_156_800_000, "2026-11-20T06:40:00Z (24 h)"),
        ] as [(Int64, String)])
    func since(milliseconds: Int64, text: String) {
        let now = Timestamp(milliseconds: 1_795_243_200_123)
        #expect(Timestamp(milliseconds: milliseconds).shown(at: now) == text)
    }
}
