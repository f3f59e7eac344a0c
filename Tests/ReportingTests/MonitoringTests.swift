import Foundation
import Reporting
import TestSupport
import Testing

@Suite("The dashboard and the alert rules of compose/")
struct MonitoringTests {
    /// Every name that looks like one of our metrics, or of the process', without a histogram's endings.
    private static func metrics(in path: String) throws -> Set<String> {
        let names = try Repository.text(path).matches(of: /\b(?:healthz|process)_[a-z_]+/).map { String($0.output) }
        return Set(
            names.map { name in
                ["_bucket", "_count", "_sum"].first(where: name.hasSuffix).map { String(name.dropLast($0.count)) }
                    ?? name
            })
    }

    @Test(
        "They name only metrics that there are",
        arguments: [
            "compose/grafana/dashboards/healthz.json", "compose/prometheus/rules/healthz.yml",
            "compose/prometheus/tests/healthz.yml", "compose/grafana/dashboards/fleet.json",
            "compose/prometheus/rules/fleet.yml",
        ])
    func metrics(path: String) throws {
        let names = try Self.metrics(in: path)
        #expect(names.count >= (path.contains("fleet") ? 2 : 8))
        #expect(names.subtracting(Metric.allCases.map(\.rawValue)).sorted() == [])
    }

    @Test("The dashboard shows every metric, or a figure that is derived from it")
    func shown() throws {
        let unseen: Set = [
            Metric.serviceUp, .serviceCritical, .lastReloadSuccess, .virtualMemory,
        ]
        let names = try Self.metrics(in: "compose/grafana/dashboards/healthz.json")
        #expect(Metric.allCases.filter { !names.contains($0.rawValue) && !unseen.contains($0) } == [])
    }

    @Test("Every alert about two data centers is tested, and docs/two-datacenters.md says what to do about it")
    func fleetAlerts() throws {
        let rules = try Repository.text("compose/prometheus/rules/fleet.yml")
        let alerts = rules.matches(of: /- alert: ([A-Za-z]+)/).map { String($0.output.1) }
        #expect(alerts.count >= 8)
        let tests = try Repository.text("compose/prometheus/tests/fleet.yml")
        let document = try Repository.text("docs/two-datacenters.md")
        for alert in alerts {
            #expect(
                tests.contains(try Regex("alertname: \(alert)\n +exp_alerts")), "no test in which \(alert) is raised")
            #expect(document.contains("| `\(alert)` | "), "no row for \(alert)")
        }
    }

    @Test("Every alert is tested, and docs/operations.md says what to do about it")
    func alerts() throws {
        let rules = try Repository.text("compose/prometheus/rules/healthz.yml")
        let alerts = rules.matches(of: /- alert: ([A-Za-z]+)/).map { String($0.output.1) }
        #expect(alerts.count >= 8)
        let tests = try Repository.text("compose/prometheus/tests/healthz.yml")
        let operations = try Repository.text("docs/operations.md")
        for alert in alerts {
            #expect(
                tests.contains(try Regex("alertname: \(alert)\n +exp_alerts")), "no test in which \(alert) is raised")
            #expect(operations.contains("| `\(alert)` | "), "no row for \(alert)")
        }
        for annotation in ["summary: ", "description: ", "runbook_url: "] {
            #expect(
                rules.components(separatedBy: "\n          \(annotation)").count == alerts.count + 1, "\(annotation)")
        }
        let rows = operations.matches(of: #/\| `(Healthz[A-Za-z]+)` \| /#).map { String($0.output.1) }
        #expect(Set(rows) == Set(alerts))
    }
}
