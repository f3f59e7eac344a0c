import Foundation
import TestSupport
import Testing

/// What others make of /metrics. `make setup-test` brings their programs; what is missing is skipped, and said.
@Suite("Prometheus reads /metrics", .timeLimit(.minutes(5)))
struct PrometheusTests {
    /// nil where it is not there.
    private static func tool(_ name: String) -> String? {
        [Repository.path(".build/tools/usr/bin"), "/usr/bin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static let promtool = tool("promtool")
    private static let amtool = tool("amtool")
    private static let prometheus = tool("prometheus")
    private static let alertmanager = tool("prometheus-alertmanager")
    private static let hasParser = FileManager.default.fileExists(
        atPath: "/usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py")

    /// All metrics there are, from a sidecar with a service that failed.
    private static func scrape(_ fields: [String] = []) throws -> String {
        let closed = try ClosedPort()
        let folder = try Folder()
        let path = try folder.write("services: {a: {instances: ['\(closed.url)']}}\n", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        _ = try sidecar.get("/healthz")
        _ = try sidecar.get("/metrics")
        return try sidecar.get("/metrics", fields: fields).body
    }

    @Test("promtool finds nothing to complain of", .enabled(if: promtool != nil, "promtool is not installed"))
    func check() throws {
        let folder = try Folder()
        let file = try folder.write(Self.scrape(), to: "metrics")
        let command = "exec \(Self.promtool ?? "") check metrics < \(file)"
        let ended = try Program("/bin/sh", ["-c", command]).wait()
        #expect(ended.code == 0 && ended.output.isEmpty && ended.errors.isEmpty, "\(ended.output) \(ended.errors)")
    }

    @Test(
        "promtool and amtool take the files of compose/, and the rules pass their own tests",
        .enabled(if: promtool != nil && amtool != nil, "promtool or amtool is not installed"))
    func stack() throws {
        let compose = Repository.path("compose")
        let folder = try Folder()
        // promtool wants to see the token that compose mounts.
        let token = try folder.write("token", to: "healthz_detail")
        let configuration = try Repository.text("compose/prometheus/prometheus.yml")
            .replacing("/run/secrets/healthz_detail", with: token)
            .replacing("rules/*.yml", with: "\(compose)/prometheus/rules/*.yml")
        #expect(configuration.contains(token))
        for (tool, arguments) in [
            (Self.promtool, ["check", "config", try folder.write(configuration, to: "prometheus.yml")]),
            (Self.promtool, ["test", "rules", "\(compose)/prometheus/tests/healthz.yml"]),
            (Self.amtool, ["check-config", "\(compose)/alertmanager/alertmanager.yml"]),
        ] {
            let ended = try Program(tool ?? "", arguments).wait()
            #expect(ended.code == 0 && ended.output.contains("SUCCESS"), "\(ended.output) \(ended.errors)")
        }
    }

    @Test(
        "The official parsers read both formats, and find the same samples in them",
        .enabled(if: hasParser, "python3-prometheus-client is not installed"))
    func parsers() throws {
        let script = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families as text
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
            for parse, path in ((text, sys.argv[1]), (openmetrics, sys.argv[2])):
                families = list(parse(open(path).read()))
                names = sorted({sample.name for family in families for sample in family.samples})
                print(len(families), " ".join(names))
            """
        let folder = try Folder()
        let files = try [
            folder.write(Self.scrape(), to: "text"),
            folder.write(Self.scrape(["Accept: application/openmetrics-text"]), to: "openmetrics"),
        ]
        let ended = try Program("/usr/bin/python3", ["-c", script] + files).wait()
        #expect(ended.code == 0, "\(ended.errors)")
        let lines = ended.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.first == lines.last, "\(ended.output)")
        #expect(lines.first?.hasPrefix("26 ") == true)
    }

    @Test(
        "A real Prometheus scrapes it, and a stopped service becomes an alert in a real Alertmanager",
        .enabled(if: prometheus != nil && alertmanager != nil, "prometheus or prometheus-alertmanager is not there"))
    func alert() throws {
        let script = Repository.path("scripts/prometheus-check")
        let ended = try Program(
            script, [Program.healthz, Self.prometheus ?? "", Self.alertmanager ?? ""]
        ).wait(upTo: 240)
        #expect(ended.code == 0, "\(ended.output)\n\(ended.errors)")
    }
}
