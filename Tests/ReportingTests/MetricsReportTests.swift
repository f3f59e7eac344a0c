import Foundation
import HTTPClient
import Health
import Testing
import Time

@testable import Reporting

@Suite("Metrics, written out")
struct MetricsReportTests {
    private static func report(_ service: Service, _ verdicts: [Verdict]) throws -> ServiceReport {
        let instances = try zip(service.instances, verdicts).map { instance, verdict in
            var history = History()
            let at = Moment(instant: .now, timestamp: Timestamp(milliseconds: 1_795_240_800_000))
            let observation = Observation(
                startedAt: at, duration: .milliseconds(3), httpStatus: nil, verdict: verdict)
            _ = history.record(observation, threshold: .once)
            return try TargetReport(name: instance.name, target: instance.target, known: #require(history.known))
        }
        return ServiceReport(
            service, instances: instances, since: Timestamp(milliseconds: 1_795_240_800_250), lastHealthyAt: nil)
    }

    private static let refused = Verdict.down(.transfer(.refused(place: "10.0.0.7:3100")))

    private static func tally(_ durations: [Duration], _ verdict: Verdict) -> ServiceTally {
        var tally = ServiceTally()
        for duration in durations {
            tally.record(
                Observation(
                    startedAt: Moment(instant: .now, timestamp: Timestamp(milliseconds: 0)), duration: duration,
                    httpStatus: nil, verdict: verdict))
        }
        return tally
    }

    private static func services() throws -> [ServiceFigures] {
        let loki = Service(name: "loki", target: .on("loki"))
        let tempo = Service(
            name: "tempo",
            instances: ["http://tempo-a:3200", "http://tempo-b:3200"].map { .init(name: $0, target: .on($0)) },
            required: 1, isCritical: false)
        let new = Service(name: "new", target: .on("new"))
        return [
            ServiceFigures(
                loki, report: try report(loki, [refused]), tally: tally([.microseconds(400), .seconds(3)], refused)),
            ServiceFigures(tempo, report: try report(tempo, [.up, refused]), tally: ServiceTally()),
            ServiceFigures(new, report: nil, tally: ServiceTally()),
        ]
    }

    private static func figures(
        _ services: [ServiceFigures], status: HealthStatus? = .unhealthy, age: Duration? = .milliseconds(1500),
        isDraining: Bool = false, process: Figures.Process? = nil, discovery: [DiscoveryFigures] = []
    ) -> Figures {
        var figures = Figures(
            version: "0.1.0",
            health: HealthFigures(status: status, age: age, checks: 7, coalesced: 3, services: services),
            loadedAt: Timestamp(milliseconds: 1_795_240_800_000))
        figures.isDraining = isDraining
        figures.connections = .init(open: 2, accepted: 9, refused: [("max_connections", 1), ("exhausted", 0)])
        figures.requests = [
            .init(route: "/healthz", code: 500, count: 4), .init(route: "malformed", code: 400, count: 1),
        ]
        (figures.process, figures.discovery) = (process, discovery)
        return figures
    }

    private static func text(
        _ figures: Figures, _ format: ExpositionFormat = .text, _ detail: Detail = .full
    ) -> String {
        String(decoding: MetricsReport.encode(figures, format, detail), as: UTF8.self)
    }

    private static var discovery: [DiscoveryFigures] {
        var tally = DiscoveryFigures.Tally()
        (tally.requests, tally.failures) = (["update": 3, "register": 1], ["throttled": 2])
        tally.lastSuccessAt = Timestamp(milliseconds: 1_795_240_800_500)
        return [
            DiscoveryFigures(
                provider: "consul", service: "loki", instance: "loki-1",
                state: ("registered", ["registered", "retrying"], nil), isRegistered: true,
                status: ("warning", ["passing", "warning"]), cause: nil, lookAt: nil, tally: tally)
        ]
    }

    private static let process = Figures.Process(
        cpu: .milliseconds(1250), openDescriptors: 12, maxDescriptors: 4224, virtualBytes: 1_000_000,
        residentBytes: 500_000, startedAt: Timestamp(milliseconds: 1_795_240_700_000))

    @Test("The text format is as docs/metrics.md describes")
    func text() throws {
        let lines = try Self.text(Self.figures(Self.services(), process: Self.process, discovery: Self.discovery))
            .split(separator: "\n")
        #expect(
            lines.filter { !$0.hasPrefix("#") }.joined(separator: "\n") == """
                healthz_up 0
                healthz_draining 0
                healthz_service_up{service="loki"} 0
                healthz_service_up{service="tempo"} 1
                healthz_service_status{service="loki",status="healthy"} 0
                healthz_service_status{service="loki",status="degraded"} 0
                healthz_service_status{service="loki",status="unhealthy"} 1
                healthz_service_status{service="tempo",status="healthy"} 0
                healthz_service_status{service="tempo",status="degraded"} 1
                healthz_service_status{service="tempo",status="unhealthy"} 0
                healthz_service_critical{service="loki"} 1
                healthz_service_critical{service="tempo"} 0
                healthz_service_critical{service="new"} 1
                healthz_target_up{service="tempo",target="http://tempo-a:3200"} 1
                healthz_target_up{service="tempo",target="http://tempo-b:3200"} 0
                healthz_service_last_state_change_timestamp_seconds{service="loki"} 1795240800.25
                healthz_service_last_state_change_timestamp_seconds{service="tempo"} 1795240800.25
                healthz_service_state_changes_total{service="loki"} 0
                healthz_service_state_changes_total{service="tempo"} 0
                healthz_service_state_changes_total{service="new"} 0
                healthz_probe_duration_seconds_bucket{service="loki",le="0.001"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.0025"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.005"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.01"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.025"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.05"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.1"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.25"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="0.5"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="1.0"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="2.0"} 1
                healthz_probe_duration_seconds_bucket{service="loki",le="+Inf"} 2
                healthz_probe_duration_seconds_sum{service="loki"} 3.0004
                healthz_probe_duration_seconds_count{service="loki"} 2

                """
                + ["tempo", "new"].map(Self.emptyHistogram).joined()
                    + """
                    healthz_probe_failures_total{service="loki",cause="refused"} 2
                    healthz_checks_total 7
                    healthz_coalesced_requests_total 3
                    healthz_report_age_seconds 1.5
                    healthz_discovery_registered{provider="consul",service="loki"} 1
                    healthz_discovery_state{provider="consul",service="loki",state="registered"} 1
                    healthz_discovery_state{provider="consul",service="loki",state="retrying"} 0
                    healthz_discovery_status{provider="consul",service="loki",status="passing"} 0
                    healthz_discovery_status{provider="consul",service="loki",status="warning"} 1
                    healthz_discovery_requests_total{provider="consul",service="loki",operation="register"} 1
                    healthz_discovery_requests_total{provider="consul",service="loki",operation="update"} 3
                    healthz_discovery_failures_total{provider="consul",service="loki",cause="throttled"} 2
                    healthz_discovery_last_success_timestamp_seconds{provider="consul",service="loki"} 1795240800.5
                    healthz_connections_open 2
                    healthz_connections_accepted_total 9
                    healthz_connections_refused_total{reason="max_connections"} 1
                    healthz_connections_refused_total{reason="exhausted"} 0
                    healthz_http_requests_total{route="/healthz",code="500"} 4
                    healthz_http_requests_total{route="malformed",code="400"} 1
                    healthz_config_last_reload_successful 1
                    healthz_config_last_reload_success_timestamp_seconds 1795240800.0
                    healthz_build_info{version="0.1.0"} 1
                    process_cpu_seconds_total 1.25
                    process_open_fds 12
                    process_max_fds 4224
                    process_virtual_memory_bytes 1000000
                    process_resident_memory_bytes 500000
                    process_start_time_seconds 1795240700.0
                    """)
        #expect(lines.contains("# TYPE healthz_checks_total counter"))
        #expect(lines.contains("# HELP healthz_checks_total Checks begun."))
        #expect(lines.contains("# TYPE healthz_build_info gauge"))
        #expect(lines.contains("# TYPE healthz_probe_duration_seconds histogram"))
        for metric in Metric.allCases {
            #expect(lines.count { $0.hasPrefix("# TYPE \(metric.rawValue) ") } == 1, "\(metric)")
        }
    }

    private static func emptyHistogram(of service: String) -> String {
        let bounds = ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.0", "+Inf"]
        let name = "healthz_probe_duration_seconds"
        return bounds.map { "\(name)_bucket{service=\"\(service)\",le=\"\($0)\"} 0\n" }.joined()
            + "\(name)_sum{service=\"\(service)\"} 0.0\n\(name)_count{service=\"\(service)\"} 0\n"
    }

    @Test("OpenMetrics has families without suffixes, units, and a last line, and the same samples")
    func openMetrics() throws {
        let figures = try Self.figures(Self.services(), process: Self.process)
        let lines = Self.text(figures, .openMetrics).split(separator: "\n")
        #expect(lines.last == "# EOF")
        for line in [
            "# TYPE healthz_checks counter", "# HELP healthz_checks Checks begun.", "# TYPE healthz_build info",
            "# UNIT healthz_probe_duration_seconds seconds", "# TYPE process_cpu_seconds counter",
            "# UNIT process_cpu_seconds seconds", "# UNIT process_resident_memory_bytes bytes",
        ] { #expect(lines.contains { $0 == line }, "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("# UNIT healthz_up ") })
        let samples = { (text: [Substring]) in text.filter { !$0.hasPrefix("#") } }
        #expect(samples(lines) == samples(Self.text(figures).split(separator: "\n")))
    }

    @Test("An unknown value is left out instead of shown as zero")
    func unknown() {
        let text = Self.text(Self.figures([], status: nil, age: nil))
        for metric in [Metric.up, .reportAge, .serviceUp, .targetUp, .probeFailures, .cpuSeconds] {
            #expect(!text.contains(metric.rawValue + " ") && !text.contains(metric.rawValue + "{"), "\(metric)")
        }
        #expect(text.contains("healthz_checks_total 7\n"))
    }

    @Test("A draining node is not up, whatever the state of its services")
    func draining() {
        let text = Self.text(Self.figures([], status: .healthy, isDraining: true))
        #expect(text.contains("healthz_up 0\n") && text.contains("healthz_draining 1\n"))
        #expect(Self.text(Self.figures([], status: .degraded)).contains("healthz_up 1\n"))
    }

    @Test("A client without access to details gets the verdicts of services, but no address, cause or time")
    func summary() throws {
        let text = try Self.text(Self.figures(Self.services(), process: Self.process), .text, .summary)
        #expect(text.contains("healthz_service_up{service=\"loki\"} 0\n"))
        #expect(text.contains("healthz_service_critical{service=\"tempo\"} 0\n"))
        #expect(text.contains("process_open_fds 12\n"))
        for hidden in ["tempo-a", "refused\"", "duration", "state_change", "cause="] {
            #expect(!text.contains(hidden), "\(hidden)")
        }
    }

    @Test("Label values are escaped; help needs no escaping")
    func escaping() {
        let labels = Labels("target", "a\\b\"c\nd é").and("service", "x")
        #expect(String(decoding: labels.bytes, as: UTF8.self) == #"target="a\\b\"c\nd é",service="x""#)
        for metric in Metric.allCases {
            #expect(metric.help.utf8.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C })
            #expect(metric.help.hasSuffix("."))
        }
    }
}
