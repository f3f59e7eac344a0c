import Foundation
import HTTPClient
import Health
import Reporting
import Testing
import Time

@Suite("Reports, written out")
struct ReportingTests {
    @Test("The JSON has the form of docs/api.md, with the verdict first")
    func json() throws {
        let report = try Reports.report([
            Reports.service("grafana", .up, status: 200),
            Reports.service("loki", Reports.refused, milliseconds: 0.4, lastHealthyAt: 1_795_242_600_000),
            Reports.service("tempo", .down(.status(503, expected: .only(404))), status: 503),
        ])
        #expect(
            JSONReport.encode(report) == """
                {
                  "status": "unhealthy",
                  "checked_at": "2026-11-21T06:40:00.123Z",
                  "duration_ms": 12.4,
                  "services": {
                    "grafana": {"status": "healthy", "url": "http://grafana:3000/", "http_status": 200, "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"},
                    "loki": {"status": "unhealthy", "url": "http://loki:3000/", "reason": "refused", "message": "connection refused by 10.0.0.7:3100", "duration_ms": 0.4, "since": "2026-11-21T06:00:00.000Z", "last_healthy_at": "2026-11-21T06:30:00.000Z"},
                    "tempo": {"status": "unhealthy", "url": "http://tempo:3000/", "http_status": 503, "reason": "status", "message": "answered 503, expected 404", "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"}
                  }
                }

                """)
    }

    @Test("Degraded services, changing targets and instances have their places")
    func jsonShades() throws {
        let threshold = Threshold(rise: 2, fall: 3)
        let report = try Reports.report([
            Reports.service("exporter", Reports.refused, isCritical: false),
            Reports.service("grafana", Reports.refused, after: [.up], threshold: threshold),
            Reports.service("tempo", .up, status: 200, after: [Reports.refused], threshold: threshold),
            Reports.group("loki", [("a", .up), ("b", Reports.refused)], required: 1),
        ])
        #expect(
            JSONReport.encode(report) == """
                {
                  "status": "unhealthy",
                  "checked_at": "2026-11-21T06:40:00.123Z",
                  "duration_ms": 12.4,
                  "services": {
                    "exporter": {"status": "degraded", "critical": false, "url": "http://exporter:3000/", "reason": "refused", "message": "connection refused by 10.0.0.7:3100", "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"},
                    "grafana": {"status": "healthy", "url": "http://grafana:3000/", "failing": {"count": 1, "fall": 3, "reason": "refused", "message": "connection refused by 10.0.0.7:3100"}, "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"},
                    "tempo": {"status": "unhealthy", "url": "http://tempo:3000/", "http_status": 200, "reason": "refused", "message": "connection refused by 10.0.0.7:3100", "recovering": {"count": 1, "rise": 2}, "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"},
                    "loki": {
                      "status": "degraded",
                      "required": 1,
                      "reason": "instances",
                      "message": "1 of 2 instances is healthy, 1 required",
                      "since": "2026-11-21T06:00:00.000Z",
                      "instances": {
                        "a": {"status": "healthy", "url": "http://a:3000/", "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"},
                        "b": {"status": "unhealthy", "url": "http://b:3000/", "reason": "refused", "message": "connection refused by 10.0.0.7:3100", "duration_ms": 3.1, "since": "2026-11-21T06:00:00.000Z"}
                      }
                    }
                  }
                }

                """)
    }

    @Test("The summary has only verdicts: no address, cause or message")
    func summary() throws {
        let report = try Reports.report([
            Reports.service("exporter", Reports.refused, isCritical: false), Reports.service("tempo", Reports.refused),
            Reports.group("loki", [("a", .up), ("b", Reports.refused)], required: 2),
        ])
        #expect(
            JSONReport.encode(report, .summary) == """
                {
                  "status": "unhealthy",
                  "checked_at": "2026-11-21T06:40:00.123Z",
                  "duration_ms": 12.4,
                  "services": {
                    "exporter": {"status": "degraded", "critical": false},
                    "tempo": {"status": "unhealthy"},
                    "loki": {"status": "unhealthy"}
                  }
                }

                """)
        #expect(TextReport.encode(report, .summary) == "Unhealthy: tempo, loki; degraded: exporter\n")
    }

    @Test("A cause that concerns the whole node, an empty list of services, and warnings have their places")
    func jsonEdges() {
        #expect(
            JSONReport.encode(Reports.report([], .draining), warnings: ["exclude: no service is named \"a\\b\""]) == """
                {
                  "status": "unhealthy",
                  "reason": "draining",
                  "message": "healthz is shutting down",
                  "checked_at": "2026-11-21T06:40:00.123Z",
                  "duration_ms": 12.4,
                  "services": {},
                  "warnings": [
                    "exclude: no service is named \\"a\\\\b\\""
                  ]
                }

                """)
    }

    @Test("Control characters from outside cannot break the JSON")
    func jsonEscapes() throws {
        let nasty = "a\u{0}\u{1B}[2J\r\n\t\u{7F}\u{9B}\u{2028}\u{202E}\u{2066}\"\\é😀"
        let report = try Reports.report([Reports.service("x", .down(.transfer(.tls(detail: nasty))))])
        #expect(
            JSONReport.encode(report).contains(
                #""TLS failed: a\u0000\u001b[2J\r\n\t\u007f\u009b\u2028\u202e\u2066\"\\é😀""#))
    }

    @Test("The text is one line")
    func text() throws {
        #expect(try TextReport.encode(Reports.report([Reports.service("grafana", .up)])) == "Healthy!\n")
        #expect(
            try TextReport.encode(
                Reports.report([
                    Reports.service("grafana", .up), Reports.service("loki", Reports.refused),
                    Reports.service("tempo", .down(.status(500, expected: .only(404)))),
                ])) == "Unhealthy: loki (refused), tempo (status)\n")
        #expect(
            try TextReport.encode(
                Reports.report([
                    Reports.service("a", .up), Reports.service("exporter", Reports.refused, isCritical: false),
                ]))
                == "Degraded: exporter (refused)\n")
        #expect(
            try TextReport.encode(
                Reports.report([
                    Reports.group("loki", [("a", Reports.refused), ("b", Reports.refused)], required: 1),
                    Reports.service("exporter", Reports.refused, isCritical: false),
                ])) == "Unhealthy: loki (instances); degraded: exporter (refused)\n")
        #expect(TextReport.encode(Reports.report([], .draining)) == "Unhealthy: draining\n")
        #expect(TextReport.encode(Reports.report([], .nothingChecked)) == "Unhealthy: nothing_checked\n")
    }

    @Test(
        "What came from outside is made fit for a terminal",
        arguments: [
            ("plain é😀", "plain é😀"), ("\u{1B}[31m", "\\u{1b}[31m"), ("a\r\n\tb", "a\\r\\n\\tb"),
            ("\u{0}\u{7F}\u{85}\u{2029}\u{2067}", "\\u{0}\\u{7f}\\u{85}\\u{2029}\\u{2067}"),
        ])
    func printable(text: String, expected: String) {
        #expect(Printable.escape(text) == expected)
    }

    @Test("Long text is cut")
    func cut() {
        #expect(Printable.escape(String(repeating: "x", count: 501)) == String(repeating: "x", count: 500) + "…")
        #expect(Printable.escape("abc", limit: 3) == "abc")
        // What is shown is limited, not what it is made of.
        #expect(Printable.escape("a\u{1b}b", limit: 7) == "a\\u{1b}…")
        #expect(Printable.escape("a\u{1b}b", limit: 6) == "a…")
    }

    @Test(
        "Time is shown to the millisecond, in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (999, "1970-01-01T00:00:00.999Z"),
            (1_795_243_200_123, "2026-11-21T06:40:00.123Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        ] as [(Int64, String)])
    func timestamps(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("Every millisecond is written exactly")
    func everyMillisecond() {
        for millisecond in Int64(0)..<1000 {
            let text = Timestamp(milliseconds: 1_795_243_200_000 + millisecond).rfc3339
            #expect(text.hasSuffix(".\(String(1000 + millisecond).dropFirst())Z"))
        }
    }

    @Test("Every day of five centuries is written as by Foundation")
    func everyDay() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in stride(from: Int64(-36_500), through: 146_000, by: 1) {
            let milliseconds = day * 86_400_000 + 500
            let expected = Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(style)
            guard Timestamp(milliseconds: milliseconds).rfc3339 != expected else { continue }
            Issue.record("\(Timestamp(milliseconds: milliseconds).rfc3339) is not \(expected)")
            return
        }
    }

    @Test("A JSON line has all values that were written to it")
    func jsonLine() {
        let line = JSONLine.encode([
            ("a", .text("b\n")), ("c", .text("")), ("d", .integer(-7)), ("e", .decimal(0.449)), ("f", .decimal(1000)),
        ])
        #expect(line == #"{"a": "b\n", "c": "", "d": -7, "e": 0.4, "f": 1000.0}"#)
    }
}
