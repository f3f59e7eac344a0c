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

    @Test(
        "What Loki, Tempo and Prometheus fill in are variables that their containers have",
        arguments: [
            ("loki/loki.yaml", 7), ("tempo/tempo.yaml", 6), ("prometheus/prometheus.yml", 2),
        ])
    func filledIn(file: String, count: Int) throws {
        let compose = try Repository.text("compose/compose.yaml")
        // In comments as well: these programs read the text, and end where it is no variable.
        let named = try Repository.text("compose/\(file)").matches(of: /\$\{([^}]*)\}/).map { String($0.output.1) }
        #expect(Set(named).count >= count)
        for name in named {
            #expect(name.wholeMatch(of: /[A-Z0-9_]+/) != nil && compose.contains("\(name): "), "\(name) in \(file)")
        }
    }

    @Test(
        "A side of two data centers has a valid configuration, and .env files with every variable that its files take")
    func sides() throws {
        let folder = "compose/two-datacenters"
        let checked = try Program.run(
            ["config", "--check", "--config", Repository.path("\(folder)/healthz/healthz.yaml")],
            environment: ["DATACENTER": "dc1", "SIDE_ADDRESS": "10.1.0.10"])
        #expect(checked.code == 0, "\(checked.errors)")
        let taken = try ["compose.yaml", "node.yaml", "trial.yaml"]
            .flatMap {
                try Repository.text("\(folder)/\($0)").matches(of: /\$\{([A-Z0-9_]+)/).map { String($0.output.1) }
            }
        #expect(Set(taken).count >= 6)
        for file in [".env.example", "dc1.env", "dc2.env"] {
            let told = try Repository.text("\(folder)/\(file)").matches(of: /(?m)^([A-Z0-9_]+)=/).map {
                String($0.output.1)
            }
            #expect(Set(taken).subtracting(told).sorted() == [], "\(file)")
        }
    }
}
