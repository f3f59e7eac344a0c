import Foundation
import TestSupport
import Testing

@Suite("compose/", .timeLimit(.minutes(5)))
struct StackFileTests {
    @Test("The node's configuration is valid, by default and as it is on AWS")
    func configuration() throws {
        let file = Repository.path("compose/healthz/healthz.yaml")
        for environment in [[:], ["POSTGRES_HOST": "db.internal", "S3_PROBE": "tcp://s3.internal:443"]] {
            let checked = try Program.run(["config", "--check", "--config", file], environment: environment)
            #expect(checked.code == 0, "\(checked.errors)")
        }
        let shown = try Program.run(["config", "--config", file])
        for url in ["http://loki:3100/ready", "http://tempo:3200/ready", "http://grafana:3000/api/health"] {
            #expect(shown.output.contains(url), "\(url) in \(shown.output)")
        }
    }

    @Test("Every variable that compose files take is in .env.example, with the same default, and none besides")
    func variables() throws {
        let compose = try Repository.text("compose/compose.yaml")
        let example = try Repository.text("compose/.env.example")
        let taken = compose.matches(of: /\$\{([A-Z0-9_]+):?-([^}]*)\}/).map { "\($0.output.1)=\($0.output.2)" }
        let told = example.matches(of: /(?m)^[A-Z0-9_]+=.*$/).map { String($0.output) }
        #expect(taken.count > 20)
        #expect(Set(taken).symmetricDifference(told).sorted() == ["COMPOSE_PROFILES=postgres,s3"])
    }

    /// The names of the samples that a dashboard or rules file asks for.
    private static func samples(in path: String) throws -> Set<String> {
        return Set(try Repository.text(path).matches(of: /\b(?:healthz|process)_[a-z_]+/).map { String($0.output) })
    }

    @Test("The running program exposes every sample that the dashboard and the alert rules ask for")
    func exposed() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let file = try folder.write(
            "services: {a: {url: '\(closed.url)/'}, b: {instances: ['\(closed.url)/1', '\(closed.url)/2']}}",
            to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", file])
        #expect(try sidecar.get("/healthz").status == 500)
        let exposed = Set(
            try sidecar.get("/metrics").body.matches(of: /(?m)^[a-z][a-z_]*/).map { String($0.output) })
        for path in ["compose/grafana/dashboards/healthz.json", "compose/prometheus/rules/healthz.yml"] {
            let asked = try Self.samples(in: path)
            #expect(asked.count >= 8, "\(path)")
            #expect(asked.subtracting(exposed).sorted() == [], "\(path)")
        }
    }
}
