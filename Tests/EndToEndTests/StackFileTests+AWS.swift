import Foundation
import TestSupport
import Testing

/// deploy/aws/.
extension StackFileTests {
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
        #expect(script.contains("signal FAILURE") && script.contains("\nSETTINGS\n"))
        let folder = try Folder()
        let file = try folder.write(script, to: "user-data")
        let ended = try Program("/bin/bash", ["-n", file]).wait()
        #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test("The linter finds what AWS would refuse, and finds nothing in the template")
    func lint() throws {
        let refused = Repository.path("testdata/aws/refused.yaml")
        let lint = Repository.path("scripts/lint-aws")
        let ended = try Program("/usr/bin/python3", ["-B", lint, refused]).wait()
        let expected = try Repository.text("testdata/aws/refused.txt")
        #expect(ended.code == 1 && ended.output.replacing("\(refused): ", with: "") == expected, "\(ended.errors)")

        let template = try Program("/usr/bin/python3", ["-B", lint, Repository.path("deploy/aws/node.yaml")]).wait()
        #expect(template.code == 0, "\(template.output) \(template.errors)")
    }

    @Test("A node tells CloudFormation that it has started, or that it could not, whatever failed")
    func signals() throws {
        let ended = try Program("/usr/bin/python3", ["-B", Repository.path("scripts/user-data-check")]).wait(upTo: 120)
        #expect(ended.code == 0 && ended.output.contains("ok "), "\(ended.output)\n\(ended.errors)")
    }
}
