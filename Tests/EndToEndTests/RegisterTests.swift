import Foundation
import TestSupport
import Testing

@Suite("healthz register and healthz deregister", .serialized, .timeLimit(.minutes(5)))
struct RegisterTests {
    private let cloudMap: CloudMapStandIn

    init() throws {
        cloudMap = try CloudMapStandIn()
    }

    /// The variables that a node's boot script has.
    private static let node = [
        "SERVICE_ID": "srv-abc", "STACK_ID": "green", "REGION": "eu-central-1", "SYSTEM_IP_ADDR": "10.0.0.7",
        "SYSTEM_INSTANCE_ID": "i-1",
    ]

    private func entry(_ stack: String?) -> [String: String] {
        var attributes = ["AWS_INSTANCE_IPV4": "10.0.0.9"]
        attributes["STACK"] = stack
        return attributes
    }

    /// - Parameter environment: besides the endpoint, the keys and the node's variables.
    private func run(
        _ arguments: [String] = ["register"], _ environment: [String: String] = node
    ) throws -> Program.Ended {
        let ended = try Program.run(arguments, environment: cloudMap.environment.merging(environment) { $1 })
        #expect(cloudMap.faults.isEmpty)
        for secret in [CloudMapStandIn.secret, "IQoJ+/=token", "Authorization"] {
            #expect(!(ended.output + ended.errors).contains(secret))
        }
        return ended
    }

    @Test("By five variables a node is registered; when that is done, instances of other stacks are taken out")
    func dropIn() throws {
        cloudMap.change {
            $0.instances = ["b-1": entry("blue"), "b-2": entry("blue"), "g-1": entry("green"), "x": entry(nil)]
        }
        let ended = try run()
        #expect(ended.code == 0 && ended.errors.isEmpty, "\(ended.errors)")
        let state = cloudMap.state.withLock { $0 }
        #expect(state.instances.keys.sorted() == ["g-1", "i-1", "x"])
        let own = ["AWS_INSTANCE_IPV4": "10.0.0.7", "STACK": "green", "AWS_INIT_HEALTH_STATUS": "HEALTHY"]
        #expect(state.instances["i-1"] == own)
        let start = ["RegisterInstance i-1", "GetOperation op-1", "ListInstances"]
        #expect(Array(state.calls.prefix(3)) == start)
        let swept = state.calls.filter { $0.hasPrefix("Deregister") }
        #expect(swept == ["DeregisterInstance b-1", "DeregisterInstance b-2"])
        let lines = ended.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "registering i-1")
        #expect(lines.dropFirst(2) == ["sweeping 2 of other stacks", "swept b-1", "swept b-2"])
    }

    @Test("All pages of the list are read, and all instances of another stack are taken out")
    func pages() throws {
        cloudMap.change { state in
            for number in 1...5 { state.instances["b-\(number)"] = entry("blue") }
        }
        let ended = try run(["register", "--sweep-min-own", "1", "--format", "json"])
        #expect(ended.code == 0)
        #expect(cloudMap.state.withLock { Array($0.instances.keys) } == ["i-1"])
        let record = try json(ended.output)
        #expect(record["result"] as? String == "done" && record["registered"] as? Bool == true)
        #expect((record["swept"] as? [String])?.count == 5 && record["sweep"] as? String == "swept")
    }

    private func json(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    @Test("Too few of the own stack, no stack, or a switch: nothing is taken out, and the end is good")
    func guards() throws {
        cloudMap.change { state in
            for number in 1...5 { state.instances["b-\(number)"] = entry("blue") }
        }
        let tooFew = try run()
        #expect(tooFew.code == 0)
        #expect(
            tooFew.errors == "healthz: no sweep: 1 of the own stack registered, and 3 needed to sweep 5 of others\n")
        let noStack = Self.node.merging(["STACK_ID": ""]) { $1 }
        #expect(try run(["register", "--dry-run"], noStack).output.contains("this node has no stack"))
        #expect(try run(["register", "--dry-run", "--sweep", "off"]).output.contains("no sweep: it is off"))
        let kept = try run(["register", "--dry-run", "--sweep-keep", "blue, red"])
        #expect(kept.output.contains("nothing to sweep"))
        #expect(cloudMap.state.withLock { $0.instances.count } == 6)
        #expect(!cloudMap.calls.contains { $0.hasPrefix("Deregister") })
    }

    @Test("A dry run only reads, and says what would be done")
    func dryRun() throws {
        cloudMap.change { $0.instances = ["b-1": entry("blue"), "b-2": entry("blue"), "x": entry(nil)] }
        let ended = try run(["register", "--dry-run"])
        #expect(ended.code == 0 && ended.output == "would register i-1\nwould sweep b-1\nwould sweep b-2\n")
        let record = try json(try run(["register", "--dry-run", "--format", "json"]).output)
        #expect(record["swept"] as? [String] == ["b-1", "b-2"] && record["sweep"] as? String == "would_sweep")
        #expect(record["registered"] as? Bool == false && record["dry_run"] as? Bool == true)
        #expect(try run(["deregister", "--dry-run"]).output == "would deregister i-1\n")
        #expect(Set(cloudMap.calls) == ["ListInstances"])
    }

    @Test("Flags go before variables, and HEALTHZ_ variables before the script's")
    func precedence() throws {
        let variables = ["HEALTHZ_INSTANCE_ID": "i-2", "HEALTHZ_ADDRESS": "10.0.0.8", "HEALTHZ_STACK_ID": "red"]
        let flags = ["--address", "10.0.0.9", "--attribute", "ROLE=a=b", "--attribute", "ZONE=x", "--port", "3000"]
        #expect(try run(["register"] + flags, Self.node.merging(variables) { $1 }).code == 0)
        let wanted = [
            "AWS_INSTANCE_IPV4": "10.0.0.9", "AWS_INSTANCE_PORT": "3000", "STACK": "red", "ROLE": "a=b", "ZONE": "x",
            "AWS_INIT_HEALTH_STATUS": "HEALTHY",
        ]
        #expect(cloudMap.state.withLock { $0.instances["i-2"] } == wanted)
    }

    @Test("Throttled, it comes through after pauses")
    func throttled() throws {
        cloudMap.change { $0.throttles = 2 }
        let ended = try run()
        #expect(ended.code == 0)
        #expect(ended.errors.components(separatedBy: "ThrottlingException: Rate exceeded").count == 3)
    }

    @Test("What is not allowed ends at once with 77, and names the action")
    func denied() throws {
        cloudMap.change { $0.denied = "RegisterInstance" }
        let ended = try run(["register", "--format", "json"])
        #expect(ended.code == 77 && ended.errors.contains("RegisterInstance: AccessDeniedException"))
        #expect(cloudMap.calls == ["RegisterInstance i-1"])
        let record = try json(ended.output)
        #expect(record["result"] as? String == "denied" && record["exit_code"] as? Int == 77)
        #expect(try run(["register"], Self.node.merging(["AWS_SECRET_ACCESS_KEY": ""]) { $1 }).code == 77)
        #expect(try run(["register"], Self.node.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }).code == 77)
    }

    @Test("An operation that fails ends with 69 and Cloud Map's message, and nothing is taken out")
    func failedOperation() throws {
        cloudMap.change {
            $0.instances = ["b-1": entry("blue")]
            $0.failure = ("HOSTED_ZONE_NOT_FOUND", "no zone Z1")
        }
        let ended = try run()
        #expect(ended.code == 69 && ended.errors.contains("HOSTED_ZONE_NOT_FOUND no zone Z1"))
        #expect(cloudMap.state.withLock { $0.instances["b-1"] } != nil)
    }

    @Test("Where Cloud Map does not answer, or is not there, the command ends with 69 in time")
    func silence() throws {
        cloudMap.change { $0.isSilent = true }
        let start = ContinuousClock.now
        let ended = try run(["register", "--within", "1s"])
        #expect(ended.code == 69 && ended.errors.contains("not finished within 1 s"))
        #expect(.now - start < .seconds(20))
        let closed = try ClosedPort()
        let away = Self.node.merging(["AWS_ENDPOINT_URL_SERVICEDISCOVERY": closed.url, "HEALTHZ_WITHIN": "1s"]) { $1 }
        let refused = try run(["register"], away)
        #expect(refused.code == 69 && refused.errors.contains("connection refused"))
    }

    @Test("A clock that is an hour off is corrected by Cloud Map's own", arguments: [3600, -3600])
    func clock(skew: Int) throws {
        cloudMap.change { $0.skew = skew }
        let ended = try run(["register", "--dry-run"])
        #expect(ended.code == 0 && ended.output.hasPrefix("would register i-1\n"), "\(ended.errors)")
        // The call with the wrong time was refused before it was read.
        #expect(cloudMap.calls == ["ListInstances"])
    }

    @Test("In a service without custom health, a node is registered without an initial health")
    func noCustomHealth() throws {
        cloudMap.change { $0.hasCustomHealth = false }
        #expect(try run().code == 0)
        let wanted = ["AWS_INSTANCE_IPV4": "10.0.0.7", "STACK": "green"]
        #expect(cloudMap.state.withLock { $0.instances["i-1"] } == wanted)
    }

    @Test("Deregistering waits for its end, and is done where there is nothing")
    func deregister() throws {
        cloudMap.change { $0.instances = ["i-1": entry("green"), "i-2": entry("green")] }
        let ended = try run(["deregister"])
        #expect(ended.code == 0 && ended.output == "deregistered\n")
        #expect(cloudMap.state.withLock { Array($0.instances.keys) } == ["i-2"])
        let again = try run(["deregister", "--format", "json"])
        #expect(again.code == 0)
        #expect(try json(again.output)["deregistered"] as? Bool == true)
    }

    @Test("Only a node whose check is good is registered, where that is asked for")
    func waitHealthy() throws {
        let ok = try FaultyUpstream([.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        let ill = try FaultyUpstream([.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")])
        defer { [ok, ill].forEach { $0.stop() } }
        func environment(_ url: String) -> [String: String] {
            Self.node.merging(["GRAFANA_ENDPOINT": url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]) { $1 }
        }
        let refused = try run(["register", "--wait-healthy", "1s"], environment(ill.url))
        #expect(refused.code == 1 && refused.errors.contains("Unhealthy: grafana"))
        #expect(cloudMap.calls.isEmpty)
        #expect(try run(["register", "--wait-healthy", "20s"], environment(ok.url)).code == 0)
        #expect(cloudMap.state.withLock { $0.instances["i-1"] } != nil)
    }

    @Test(
        "A mistake of a flag is one of usage, and one of a variable one of the configuration",
        arguments: [
            (["--within", "soon"], [:], 64, "--within: \"soon\" is not a duration"),
            ([], ["HEALTHZ_WITHIN": "0"], 78, "HEALTHZ_WITHIN: \"0\" is not between 1s and 1h"),
            (["--sweep", "maybe"], [:], 64, "--sweep: \"maybe\" is not on or off"),
            ([], ["HEALTHZ_SWEEP_MIN_OWN": "half"], 78, "HEALTHZ_SWEEP_MIN_OWN: \"half\" is not a number"),
            (["--address", "here"], [:], 64, "--address: \"here\" is not an IPv4 or IPv6 address"),
            ([], ["SYSTEM_INSTANCE_ID": "a b"], 78, "SYSTEM_INSTANCE_ID: \"a b\" is not an instance identifier"),
            ([], ["STACK_ID": "grün"], 78, "STACK_ID: the value of the attribute STACK"),
            (["--attribute", "a"], [:], 64, "--attribute: \"a\" is not KEY=VALUE"),
            (["--attribute", "AWS_A=1"], [:], 64, "the attribute AWS_A cannot be set"),
            (["--port", "0"], [:], 64, "--port: \"0\" is not a port"),
            ([], ["SERVICE_ID": ""], 64, "no Cloud Map service"),
            (["--region", "a.b"], [:], 78, "\"a.b\" is not the name of a region"),
            ([], ["SYSTEM_IP_ADDR": ""], 64, "--address must be given"),
        ] as [([String], [String: String], Int32, String)])
    func mistakes(arguments: [String], variables: [String: String], code: Int32, message: String) throws {
        let ended = try run(["register"] + arguments, Self.node.merging(variables) { $1 })
        #expect(ended.code == code && ended.errors.contains(message), "\(ended.code) \(ended.errors)")
        #expect(cloudMap.calls.isEmpty)
    }
}
