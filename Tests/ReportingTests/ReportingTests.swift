import Health
import Reporting
import Testing

@Suite("Reports, written out")
struct ReportingTests {
    private static func service(
        _ name: String, _ verdict: Verdict, status: Int? = nil, milliseconds: Double = 3.1, lastHealthyAt: Int64? = nil
    ) -> ServiceReport {
        let at = Moment(instant: .now, timestamp: Timestamp(milliseconds: 1_795_243_200_000))
        return ServiceReport(
            name: name, url: ProbeURL(scheme: .http, host: name, port: 3000, target: "/"),
            observation: Observation(
                startedAt: at, duration: .microseconds(Int64(milliseconds * 1000)), httpStatus: status, verdict: verdict
            ),
            since: Timestamp(milliseconds: 1_795_240_800_000),
            lastHealthyAt: lastHealthyAt.map(Timestamp.init(milliseconds:)))
    }

    private static func report(_ services: [ServiceReport], _ cause: Report.Cause? = nil) -> Report {
        Report(
            checkedAt: Timestamp(milliseconds: 1_795_243_200_123), duration: .microseconds(12_400), cause: cause,
            services: services)
    }

    private static let refused = Verdict.down(.probe(.refused(place: "10.0.0.7:3100")))

    @Test("The JSON has the shape that docs/api.md promises, verdict first")
    func json() {
        let report = Self.report([
            Self.service("grafana", .up, status: 200),
            Self.service("loki", Self.refused, milliseconds: 0.4, lastHealthyAt: 1_795_242_600_000),
            Self.service("tempo", .down(.status(503, expected: .only(404))), status: 503),
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

    @Test("A cause of the whole, no services, and warnings have their places")
    func jsonEdges() {
        #expect(
            JSONReport.encode(Self.report([], .draining), warnings: ["exclude: no service is named \"a\\b\""]) == """
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
    func jsonEscapes() {
        let nasty = "a\u{0}\u{1B}[2J\r\n\t\u{7F}\u{9B}\u{2028}\u{202E}\u{2066}\"\\é😀"
        let report = Self.report([Self.service("x", .down(.probe(.tls(detail: nasty))))])
        #expect(
            JSONReport.encode(report).contains(
                #""TLS failed: a\u0000\u001b[2J\r\n\t\u007f\u009b\u2028\u202e\u2066\"\\é😀""#))
    }

    @Test("The text is one line")
    func text() {
        #expect(TextReport.encode(Self.report([Self.service("grafana", .up)])) == "Healthy!\n")
        #expect(
            TextReport.encode(
                Self.report([
                    Self.service("grafana", .up), Self.service("loki", Self.refused),
                    Self.service("tempo", .down(.status(500, expected: .only(404)))),
                ])) == "Unhealthy: loki (refused), tempo (status)\n")
        #expect(TextReport.encode(Self.report([], .draining)) == "Unhealthy: draining\n")
        #expect(TextReport.encode(Self.report([], .nothingChecked)) == "Unhealthy: nothing_checked\n")
    }

    @Test("The table is aligned, and readable without colour")
    func table() {
        let report = Self.report([
            Self.service("grafana", .up, status: 200), Self.service("loki", Self.refused, milliseconds: 0.4),
        ])
        #expect(
            TableReport.encode(report) == """
                STATUS     SERVICE  HTTP  TIME    URL                   REASON
                healthy    grafana  200   3.1 ms  http://grafana:3000/
                UNHEALTHY  loki     -     0.4 ms  http://loki:3000/     refused: connection refused by 10.0.0.7:3100

                """)
    }

    @Test(
        "What came from outside is made fit for a terminal",
        arguments: [
            ("plain é😀", "plain é😀"), ("\u{1B}[31m", "\\u{1b}[31m"), ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\u{0}\u{7F}\u{85}\u{2029}\u{2067}", "\\u{0}\\u{7f}\\u{85}\\u{2029}\\u{2067}"),
        ])
    func printable(text: String, expected: String) {
        #expect(Printable.escape(text) == expected)
    }

    @Test("Long text is cut")
    func cut() {
        #expect(Printable.escape(String(repeating: "x", count: 501)) == String(repeating: "x", count: 500) + "…")
        #expect(Printable.escape("abc", limit: 3) == "abc")
    }

    @Test(
        "Time is shown to the millisecond, in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (999, "1970-01-01T00:00:00.999Z"),
            (1_795_243_200_123, "2026-11-21T06:40:00.123Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        ] as [(Int64, String)])
    func timestamps(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test("No millisecond is rounded to another")
    func everyMillisecond() {
        for millisecond in Int64(0)..<1000 {
            let text = Timestamp(milliseconds: 1_795_243_200_000 + millisecond).rfc3339
            #expect(text.hasSuffix(".\(String(1000 + millisecond).dropFirst())Z"))
        }
    }

    @Test("A line of JSON holds what it is given")
    func jsonLine() {
        #expect(JSONLine.encode([("a", "b\n"), ("c", "")]) == #"{"a": "b\n", "c": ""}"#)
    }
}
