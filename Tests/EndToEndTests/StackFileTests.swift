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
            ("loki/loki.yaml", 7), ("tempo/tempo.yaml", 6), ("prometheus/prometheus.yml", 1),
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

    @Test("The settings of a node on AWS agree with each other, and with what compose takes")
    func nodeOnAWS() throws {
        let template = try Repository.text("deploy/aws/node.yaml")
        func seconds(_ pattern: Regex<(Substring, Substring)>) throws -> Int {
            let found = Set(template.matches(of: pattern).compactMap { Int($0.output.1) })
            #expect(found.count == 1, "\(found)")
            return try #require(found.first)
        }
        let drain = try seconds(/HEALTHZ_DRAIN=(\d+)s/)
        let untilCondemned =
            try seconds(/HealthCheckIntervalSeconds: (\d+)/) * seconds(/UnhealthyThresholdCount: (\d+)/)
        #expect(drain > untilCondemned)
        #expect(try seconds(/HEALTHZ_STOP=(\d+)s/) > drain)
        // HEALTHZ_DEADLINE is 1.8 s.
        #expect(try seconds(/HealthCheckTimeoutSeconds: (\d+)/) > 2)
        #expect(template.matches(of: /Matcher: {HttpCode: "200"}/).count == 4)
        #expect(template.matches(of: /HealthCheckPort: "8080"/).count == 4)

        let example = try Repository.text("compose/.env.example")
        let set = template.matches(of: /(?m)^ {12}([A-Z0-9_]+)=/).map { String($0.output.1) }
        #expect(set.count > 20)
        for name in set { #expect(example.contains("\n\(name)="), "\(name)") }
        let secrets = Set(template.matches(of: /\ secrets\/([a-z0-9-]+)/).map { String($0.output.1) })
        let wanted = try Repository.text("compose/compose.yaml").matches(of: /file: \.\/secrets\/([a-z0-9-]+)/)
        #expect(secrets == Set(wanted.map { String($0.output.1) }))
    }

    @Test("The script that a node on AWS starts with is a script")
    func userData() throws {
        let lines = try Repository.text("deploy/aws/node.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.contains("#!/bin/bash") })
        let script = lines[start...].prefix { $0.isEmpty || $0.hasPrefix("            ") }
            .map { $0.dropFirst(12) }.joined(separator: "\n")
            // What CloudFormation fills in.
            .replacing(/\$\{[A-Za-z:.]+\}/, with: "x")
        #expect(script.contains("signal SUCCESS") && script.contains("\nSETTINGS\n"))
        let folder = try Folder()
        let file = try folder.write(script, to: "user-data")
        let ended = try Program("/bin/bash", ["-n", file]).wait()
        #expect(ended.code == 0, "\(ended.errors)")
    }
}
