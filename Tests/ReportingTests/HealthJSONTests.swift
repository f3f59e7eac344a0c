import Foundation
import HTTPClient
import Health
import Reporting
import Testing

@Suite("application/health+json")
struct HealthJSONTests {
    @Test("It has the shape of the draft: pass, warn and fail, and a check for each target")
    func shape() throws {
        let report = try Built.report([
            Built.service("grafana", [(.up, 3.1)]),
            Built.service("tempo", [(.down(.status(503, expected: .only(200))), 2.2)], status: 503),
            Built.service("exporter", [(Built.refused, 0.4)], isCritical: false),
            Built.group(
                "loki", [Built.target("a", [(.up, 1.5)]), Built.target("b", [(Built.refused, 0.4)])], required: 1),
        ])
        #expect(
            HealthJSON.encode(report, version: "0.1.0", warnings: ["exclude: no"]) == """
                {
                  "status": "fail",
                  "releaseId": "0.1.0",
                  "description": "health of a node, by healthz",
                  "notes": [
                    "exclude: no"
                  ],
                  "checks": {
                    "grafana:responseTime": [
                      {"componentId": "http://grafana:3000/", "componentType": "component", "observedValue": 3.1, "observedUnit": "ms", "status": "pass", "time": "2026-11-21T06:40:00.123Z"}
                    ],
                    "tempo:responseTime": [
                      {"componentId": "http://tempo:3000/", "componentType": "component", "observedValue": 2.2, "observedUnit": "ms", "status": "fail", "time": "2026-11-21T06:40:00.123Z", "output": "status: answered 503, expected 200"}
                    ],
                    "exporter:responseTime": [
                      {"componentId": "http://exporter:3000/", "componentType": "component", "status": "warn", "time": "2026-11-21T06:40:00.123Z", "output": "refused: connection refused by 10.0.0.7:3100"}
                    ],
                    "loki:responseTime": [
                      {"componentId": "http://a:3000/", "componentType": "component", "observedValue": 1.5, "observedUnit": "ms", "status": "pass", "time": "2026-11-21T06:40:00.123Z"},
                      {"componentId": "http://b:3000/", "componentType": "component", "status": "fail", "time": "2026-11-21T06:40:00.123Z", "output": "refused: connection refused by 10.0.0.7:3100"}
                    ]
                  }
                }

                """)
    }

    @Test("The summary has only verdicts: no address, cause or number of instances")
    func summary() throws {
        let report = try Built.report([
            Built.service("tempo", [(Built.refused, 0.4)]),
            Built.group(
                "loki", [Built.target("a", [(.up, 1.5)]), Built.target("b", [(Built.refused, 0.4)])], required: 1),
        ])
        #expect(
            HealthJSON.encode(report, .summary, version: "0.1.0") == """
                {
                  "status": "fail",
                  "releaseId": "0.1.0",
                  "description": "health of a node, by healthz",
                  "checks": {
                    "tempo:responseTime": [
                      {"componentType": "component", "status": "fail", "time": "2026-11-21T06:40:00.123Z"}
                    ],
                    "loki:responseTime": [
                      {"componentType": "component", "status": "warn", "time": "2026-11-21T06:40:00.123Z"}
                    ]
                  }
                }

                """)
    }

    @Test("A cause that concerns the whole node is the output, and degraded is warn")
    func whole() throws {
        let draining = HealthJSON.encode(Built.report([], .draining), version: "0.1.0")
        #expect(draining.contains(#""status": "fail""#) && draining.contains(#""checks": {}"#))
        #expect(draining.contains(#""output": "draining: healthz is shutting down""#))
        let degraded = try Built.report([Built.service("a", [(Built.refused, 1)], isCritical: false)])
        #expect(HealthJSON.encode(degraded, version: "0.1.0").hasPrefix("{\n  \"status\": \"warn\",\n"))
        let well = try Built.report([Built.service("a", [(.up, 1)])])
        #expect(HealthJSON.encode(well, version: "0.1.0").hasPrefix("{\n  \"status\": \"pass\",\n"))
    }

    @Test("A target that is about to change its status says so, and text from outside cannot break the JSON")
    func edges() throws {
        let hostile = Verdict.down(.transfer(.tls(detail: "\"},\u{0}\n<script>")))
        let report = try Built.report([
            Built.service("a", [(.up, 1), (hostile, 1)], threshold: Threshold(rise: 1, fall: 3))
        ])
        let text = HealthJSON.encode(report, version: "0.1.0")
        let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let checks = read?["checks"] as? [String: [[String: Any]]]
        #expect(checks?["a:responseTime"]?.first?["status"] as? String == "warn")
        #expect(read?["status"] as? String == "pass")
        #expect(
            checks?["a:responseTime"]?.first?["output"] as? String
                == "failing, 1 of 3: tls: TLS failed: \"},\u{0}\n<script>")
    }
}
