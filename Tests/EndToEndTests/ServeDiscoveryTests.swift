import Foundation
import TestSupport
import Testing

@Suite("Service discovery by serve", .serialized, .timeLimit(.minutes(5)))
struct ServeDiscoveryTests {
    private static let ok: [FaultyUpstream.Step] = [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    private static let ill: [FaultyUpstream.Step] = [.readHead, .send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")]

    private let cloudMap: CloudMapStandIn
    private let consul: ConsulStandIn
    private let upstream: FaultyUpstream
    private let exporter: FaultyUpstream
    private let folder: Folder

    init() throws {
        cloudMap = try CloudMapStandIn()
        consul = try ConsulStandIn()
        upstream = try FaultyUpstream(Self.ok)
        exporter = try FaultyUpstream(Self.ok)
        folder = try Folder()
    }

    private static let cloudMapSection = """
          cloud_map: {service_id: srv-abc, stack_id: green, instance_id: i-1, address: 10.0.0.7, region: eu-central-1}
        """
    private static let consulSection =
        "  consul: {service: grafana, service_id: grafana-1, port: 3000, tags: [metrics]}"

    /// - Parameter discovery: nil for a configuration without.
    private func file(_ discovery: String?, _ settings: String = "drain: 2s") throws -> String {
        try folder.write(
            """
            interval: 100ms
            \(settings)
            services:
              grafana: {url: "\(upstream.url)/"}
              exporter: {url: "\(exporter.url)/", critical: false}
            \(discovery.map { "discovery:\n\($0)" } ?? "")
            """, to: "healthz.yaml")
    }

    private func serve(
        _ discovery: String?, _ settings: String = "drain: 2s", _ environment: [String: String] = [:]
    ) throws -> RunningSidecar {
        let consulAddress = ["CONSUL_HTTP_ADDR": "127.0.0.1:\(consul.port)"]
        return try RunningSidecar(
            cloudMap.environment.merging(consulAddress) { $1 }.merging(environment) { $1 },
            ["--config", try file(discovery, settings)])
    }

    private func health(_ id: String = "i-1") -> String? { cloudMap.state.withLock { $0.health[id] } }

    private func metrics(_ sidecar: RunningSidecar) throws -> String { try sidecar.get("/metrics").body }

    @Test(
        "Both registries are updated: healthy, degraded, unhealthy; at the end the node is deregistered before it stops"
    )
    func both() throws {
        let sidecar = try serve(
            Self.cloudMapSection + "\n" + Self.consulSection, "drain: 2s\nlog_level: debug")
        try until("registered") { health() == "HEALTHY" && consul.status("grafana-1") == "passing" }
        #expect(consul.output("grafana-1") == "Healthy!" && consul.port("grafana-1") == 3000)
        #expect(consul.tags("grafana-1") == ["metrics"])
        try until("the update after registering") { cloudMap.calls.last?.hasPrefix("Update") == true }

        exporter.change(to: Self.ill)
        try until("degraded") { consul.status("grafana-1") == "warning" }
        #expect(consul.output("grafana-1") == "Degraded: exporter (status)" && health() == "HEALTHY")

        upstream.change(to: Self.ill)
        try until("ill") { health() == "UNHEALTHY" && consul.status("grafana-1") == "critical" }
        #expect(try sidecar.get("/healthz").status == 500)
        upstream.change(to: Self.ok)
        try until("well again") { health() == "HEALTHY" && consul.status("grafana-1") == "warning" }

        sidecar.program.signal(SIGTERM)
        try until("out of Cloud Map") { cloudMap.calls.contains("DeregisterInstance i-1") }
        try until("critical") { consul.status("grafana-1") == "critical" }
        #expect(consul.output("grafana-1") == "draining")
        #expect(try sidecar.get("/livez").status == 200)
        #expect(try sidecar.program.wait().code == 0)
        #expect(consul.identifiers.isEmpty && cloudMap.state.withLock { $0.instances.isEmpty })
        #expect(cloudMap.faults.isEmpty && consul.faults.isEmpty)
        let log = sidecar.program.errorText
        #expect(log.contains(" debug ") && !log.contains(CloudMapStandIn.secret) && !log.contains("Authorization"))
        for line in [
            "cloud_map: srv-abc: registered after", "cloud_map: srv-abc: told UNHEALTHY",
            "consul: grafana: told warning",
            "consul: grafana: told critical", "cloud_map: srv-abc: deregistered", "consul: grafana: deregistered",
        ] {
            #expect(log.contains(line), "\(line) in: \(log)")
        }
    }

    @Test("A node taken out of service by a file is reported as unhealthy, and as healthy again without it")
    func maintenance() throws {
        let path = "\(folder.path)/maintenance"
        let settings = "drain: 0\nmaintenance_file: \(path)"
        let sidecar = try serve(Self.cloudMapSection + "\n" + Self.consulSection, settings)
        try until("registered") { health() == "HEALTHY" && consul.status("grafana-1") == "passing" }
        try "new disk\n".write(toFile: path, atomically: true, encoding: .utf8)
        try until("out of service") { health() == "UNHEALTHY" && consul.status("grafana-1") == "critical" }
        #expect(try sidecar.get("/healthz").status == 500)
        try FileManager.default.removeItem(atPath: path)
        try until("back") { health() == "HEALTHY" && consul.status("grafana-1") == "passing" }
    }

    @Test("Answers and metrics show the registered state, and nothing is sent to Cloud Map without a change")
    func shown() throws {
        let sidecar = try serve(Self.cloudMapSection + "\n" + Self.consulSection)
        try until("registered") {
            try metrics(sidecar).contains("healthz_discovery_registered{provider=\"cloud_map\",service=\"srv-abc\"} 1")
        }
        try until("told") {
            try metrics(sidecar).contains(
                "healthz_discovery_status{provider=\"cloud_map\",service=\"srv-abc\",status=\"healthy\"} 1")
        }
        try until("told to Consul") {
            try metrics(sidecar).contains(
                "healthz_discovery_status{provider=\"consul\",service=\"grafana\",status=\"passing\"} 1")
        }
        let entries = try #require(try sidecar.get("/healthz").json()["discovery"] as? [[String: Any]])
        #expect(entries.map { $0["provider"] as? String } == ["cloud_map", "consul"])
        #expect(entries[0]["state"] as? String == "registered" && entries[0]["status"] as? String == "healthy")
        #expect(entries[1]["instance"] as? String == "grafana-1" && entries[1]["registered"] as? Bool == true)
        #expect(try sidecar.get("/healthz/grafana").json()["discovery"] == nil)
        let standard = try sidecar.get("/healthz", fields: ["Accept: application/health+json"]).json()
        #expect((standard["checks"] as? [String: Any])?["consul:registration"] != nil)
        #expect(entries.allSatisfy { $0["since"] is String })
        let page = try sidecar.get("/", fields: ["Accept: text/html", "Upgrade-Insecure-Requests: 1"]).body
        #expect(page.contains("AWS Cloud Map: srv-abc</span> <span class=\"word\">registered</span>"))
        let before = cloudMap.calls
        let probes = upstream.heads.count
        try until("five checks and more") { upstream.heads.count > probes + 5 }
        #expect(cloudMap.calls == before)
        let text = try metrics(sidecar)
        #expect(!(text + page).contains(CloudMapStandIn.secret))
        for name in ["requests_total", "last_success_timestamp_seconds"] {
            #expect(text.contains("healthz_discovery_\(name){provider=\"cloud_map\""))
        }
    }

    @Test("An unhealthy node is not registered, unless its operator wants it registered as unhealthy")
    func before() throws {
        upstream.change(to: Self.ill)
        let sidecar = try serve(Self.cloudMapSection + "\n" + Self.consulSection)
        try until("a check") { try sidecar.get("/healthz").status == 500 && !cloudMap.calls.isEmpty }
        #expect(cloudMap.state.withLock { $0.instances.isEmpty } && consul.identifiers.isEmpty)
        sidecar.program.signal(SIGKILL)
        let early = Self.cloudMapSection.replacingOccurrences(of: "}", with: ", register: start}")
        let second = try serve(early)
        try until("registered") { health() == "UNHEALTHY" }
        #expect(cloudMap.state.withLock { $0.instances["i-1"]?["AWS_INIT_HEALTH_STATUS"] } == "UNHEALTHY")
        upstream.change(to: Self.ok)
        try until("well") { health() == "HEALTHY" }
        second.program.signal(SIGKILL)
    }

    @Test("Without a section, the script's variables start nothing, and without an interval the section is refused")
    func off() throws {
        let variables = [
            "SERVICE_ID": "srv-abc", "STACK_ID": "green", "REGION": "eu-central-1", "SYSTEM_IP_ADDR": "10.0.0.7",
            "SYSTEM_INSTANCE_ID": "i-1", "HEALTHZ_INTERVAL": "100ms", "GRAFANA_ENDPOINT": upstream.url,
            "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "CONSUL_HTTP_ADDR": consul.url,
        ]
        let sidecar = try RunningSidecar(cloudMap.environment.merging(variables) { $1 })
        try until("three checks") { upstream.accepted >= 3 }
        #expect(cloudMap.calls.isEmpty && consul.calls.isEmpty)
        #expect(try sidecar.get("/healthz").json()["discovery"] == nil)
        #expect(try !metrics(sidecar).contains("healthz_discovery"))
        sidecar.program.signal(SIGINT)
        _ = try sidecar.program.wait()
        let path = try folder.write("discovery:\n\(Self.consulSection)\n", to: "no-interval.yaml")
        let refused = try Program.run(["--config", path])
        #expect(refused.code == 78 && refused.errors.contains("discovery: needs interval"))
    }

    @Test(
        "While registries hang, refuse or are away, /healthz is as fast as without; when they are back, the node registers"
    )
    func faults() throws {
        consul.change { $0.isSilent = true }
        cloudMap.change { $0.throttles = .max }
        let closed = try ClosedPort()
        let sections = Self.cloudMapSection + "\n" + Self.consulSection
        let sidecar = try serve(sections, "drain: 0")
        let away = try serve(
            sections, "drain: 0",
            ["CONSUL_HTTP_ADDR": closed.url, "AWS_ENDPOINT_URL_SERVICEDISCOVERY": closed.url])
        let undisturbed = try serve(nil, "drain: 0")
        try until("failures") {
            try metrics(sidecar).contains("cause=\"throttled\"") && metrics(away).contains("cause=\"unreachable\"")
        }
        try expect([sidecar, away], asFastAs: undisturbed)
        for name in ["cloud_map\",service=\"srv-abc", "consul\",service=\"grafana"] {
            let sample = "healthz_discovery_registered{provider=\"\(name)\"} 0"
            #expect(try metrics(sidecar).contains(sample) && metrics(away).contains(sample))
        }
        cloudMap.change { $0.throttles = 0 }
        try until("a timeout") { try metrics(sidecar).contains("cause=\"timeout\"") }
        consul.change { ($0.isSilent, $0.failure) = (false, (500, "Internal error")) }
        try until("a failure of the server") { try metrics(sidecar).contains("cause=\"server\"") }
        consul.change { $0.failure = nil }
        try until("registered") { consul.status("grafana-1") == "passing" && health() == "HEALTHY" }
        sidecar.program.signal(SIGTERM)
        #expect(try sidecar.program.wait().code == 0)
    }

    /// The 99th percentile is under 2 ms, or, on a machine that is slow for all, at most twice that of the undisturbed one. One
    /// of five rounds has to show it: something else may hold up one sidecar for a moment, what is wrong does in each round.
    private func expect(_ disturbed: [RunningSidecar], asFastAs undisturbed: RunningSidecar) throws {
        let clients = try ([undisturbed] + disturbed).map { try RawClient(port: $0.port) }
        var seen: [[Duration]] = []
        for _ in 0..<5 {
            var times = clients.map { _ in [Duration]() }
            for _ in 0..<200 {
                for (index, client) in clients.enumerated() {
                    let start = ContinuousClock.now
                    try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                    let status = try client.readResponse().status
                    times[index].append(.now - start)
                    #expect(status == 200)
                }
            }
            let slow = times.map { $0.sorted()[197] }
            if slow.dropFirst().allSatisfy({ $0 < max(.milliseconds(2), slow[0] * 2) }) { return }
            seen.append(slow)
        }
        Issue.record("slower than the undisturbed, which is the first of each: \(seen)")
    }

    @Test(
        "What the agent has lost is registered again within a heartbeat, in old and new versions",
        arguments: [false, true])
    func lost(isNew: Bool) throws {
        consul.change { $0.isNew = isNew }
        let sidecar = try serve("  consul: {service: grafana, service_id: grafana-1, ttl: 2s}")
        try until("registered") { consul.status("grafana-1") == "passing" }
        let before = consul.forget()
        try until("registered again") { consul.status("grafana-1") == "passing" }
        // The first heartbeat finds it out, and what follows at once registers.
        let calls = ["PUT /v1/agent/check/update/service:grafana-1", "PUT /v1/agent/service/register"]
        #expect(Array(consul.calls.dropFirst(before).prefix(2)) == calls)
        try sidecar.program.waitForErrors("the loss") { $0.contains("consul: grafana: the registration is gone") }
    }

    @Test("With a TTL of 1 s, an update follows each 0.3 s after the one before; killed, it is out by its TTL")
    func heartbeat() throws {
        let sidecar = try serve("  consul: {service: grafana, service_id: grafana-1, ttl: 1s}")
        try until("five updates") { consul.updates.count >= 5 }
        let updates = consul.updates
        #expect(updates.allSatisfy { $0.status == "passing" })
        // No sooner, however fast or slow the machine is: the time counts from the answer on. ConsulRegistrarTests has the rest.
        for (one, next) in zip(updates, updates.dropFirst()) { #expect(next.time - one.time >= .milliseconds(300)) }
        sidecar.program.signal(SIGKILL)
        try until("out by its TTL") { consul.status("grafana-1") == "critical" }
    }

    @Test("A node that another stack has swept stays away, until a reload")
    func superseded() throws {
        let section = Self.cloudMapSection.replacingOccurrences(of: "}", with: ", refresh: 10s}")
        let sidecar = try serve(section)
        try until("registered") { health() == "HEALTHY" }
        cloudMap.change {
            $0.instances = ["b-1": ["AWS_INSTANCE_IPV4": "10.0.0.9", "STACK": "blue"]]
            $0.health = [:]
        }
        upstream.change(to: Self.ill)
        try sidecar.program.waitForErrors("superseded") { $0.contains("stack blue took this node out") }
        upstream.change(to: Self.ok)
        try until("well") { try sidecar.get("/healthz").status == 200 }
        #expect(cloudMap.state.withLock { $0.instances["i-1"] } == nil)
        #expect(try sidecar.get("/healthz").json()["discovery"] as? [[String: Any]] != nil)
        sidecar.program.signal(SIGHUP)
        try until("registered again") { health() == "HEALTHY" }
    }

    @Test("A reload with another identity registers the new one before it ends the old one")
    func reload() throws {
        let sidecar = try serve(Self.cloudMapSection + "\n" + Self.consulSection)
        try until("registered") { health() == "HEALTHY" && consul.status("grafana-1") == "passing" }
        let next = (Self.cloudMapSection + "\n" + Self.consulSection)
            .replacingOccurrences(of: "i-1", with: "i-2").replacingOccurrences(of: "grafana-1", with: "grafana-2")
        _ = try file(next)
        sidecar.program.signal(SIGHUP)
        try until("the new ones alone") {
            cloudMap.state.withLock { Array($0.instances.keys) } == ["i-2"] && consul.identifiers == ["grafana-2"]
        }
        let calls = cloudMap.calls.filter { $0.hasPrefix("Register") || $0.hasPrefix("Deregister") }
        #expect(calls == ["RegisterInstance i-1", "RegisterInstance i-2", "DeregisterInstance i-1"])
        _ = try file(Self.consulSection.replacingOccurrences(of: "grafana-1", with: "grafana-2"))
        sidecar.program.signal(SIGHUP)
        try until("Cloud Map is left") { cloudMap.state.withLock { $0.instances.isEmpty } }
        #expect(consul.identifiers == ["grafana-2"])
    }
}
