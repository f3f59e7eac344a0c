import Foundation
import TestSupport
import Testing

@Suite("/metrics", .timeLimit(.minutes(5)))
struct MetricsTests {
    private static let openMetrics =
        "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

    /// One service that is configured by its URL.
    private static func one(_ url: String, _ more: String = "") -> String {
        "services: {a: {url: '\(url)'}}\n\(more)"
    }

    private static func sidecar(_ file: String, _ environment: [String: String] = [:]) throws -> (
        RunningSidecar, Folder
    ) {
        let folder = try Folder()
        let path = try folder.write(file, to: "healthz.yaml")
        return (try RunningSidecar(environment, ["--config", path]), folder)
    }

    @Test("Both formats are given as they are asked for, HEAD without content")
    func formats() throws {
        let closed = try ClosedPort()
        let (sidecar, _) = try Self.sidecar(Self.one(closed.url))
        let text = try sidecar.get("/metrics")
        #expect(text.status == 200)
        #expect(text.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(text.field("Vary") == "Accept" && text.field("Cache-Control") == "no-store")
        #expect(text.body.hasSuffix("\n") && !text.body.contains("# EOF"))
        let open = try sidecar.get("/metrics", fields: [Self.openMetrics])
        #expect(open.field("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(open.field("Vary") == "Accept")
        #expect(open.body.hasSuffix("\n# EOF\n"))
        let head = try TestSupport.get("/metrics", port: sidecar.port, method: "HEAD")
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(try TestSupport.get("/metrics", port: sidecar.port, method: "POST").status == 405)
    }

    @Test("They follow the services: unknown, healthy, unhealthy with its cause; a scrape starts no probe")
    func services() throws {
        var stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment)
        for _ in 0..<3 {
            let before = try Scrape(sidecar)
            #expect(before["healthz_up"] == nil && before["healthz_report_age_seconds"] == nil)
            #expect(before["healthz_service_up{service=\"loki\"}"] == nil)
            #expect(before["healthz_service_critical{service=\"loki\"}"] == 1)
            #expect(before["healthz_checks_total"] == 0)
        }
        #expect(try sidecar.get("/healthz").status == 200)
        var scrape = try Scrape(sidecar)
        #expect(scrape["healthz_up"] == 1 && scrape["healthz_checks_total"] == 1)
        #expect(scrape["healthz_service_up{service=\"loki\"}"] == 1)
        #expect(scrape["healthz_probe_duration_seconds_count{service=\"loki\"}"] == 1)
        #expect(scrape["healthz_report_age_seconds"].map { (0..<60).contains($0) } == true)

        stack.loki.stop()
        #expect(try sidecar.get("/healthz").status == 500)
        scrape = try Scrape(sidecar)
        #expect(scrape["healthz_up"] == 0)
        #expect(scrape["healthz_service_up{service=\"loki\"}"] == 0)
        #expect(scrape["healthz_service_up{service=\"tempo\"}"] == 1)
        #expect(scrape["healthz_service_status{service=\"loki\",status=\"unhealthy\"}"] == 1)
        #expect(scrape["healthz_service_state_changes_total{service=\"loki\"}"] == 1)
        #expect(scrape["healthz_probe_failures_total{service=\"loki\",cause=\"refused\"}"] == 1)
        #expect(scrape["healthz_probe_duration_seconds_bucket{service=\"loki\",le=\"+Inf\"}"] == 2)
        let since = scrape["healthz_service_last_state_change_timestamp_seconds{service=\"loki\"}"]
        let age = since.map { Date().timeIntervalSince1970 - $0 }
        #expect(age.map { (-1..<60).contains($0) } == true)
        stack.loki = try Nginx(.lokiOrTempo, port: stack.loki.port)
        #expect(try sidecar.get("/healthz").status == 200)
        #expect(try Scrape(sidecar)["healthz_up"] == 1)
    }

    @Test("A scrape is answered during a check, and requests that share the check are counted")
    func inTheAir() throws {
        let upstream = try FaultyUpstream([.readHead, .hold])
        defer { upstream.stop() }
        let (sidecar, _) = try Self.sidecar(Self.one(upstream.url))
        let clients = try (0..<3).map { _ in try RawClient(port: sidecar.port) }
        for client in clients { try client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") }
        let scrape = try Scrape.until(sidecar) { $0["healthz_coalesced_requests_total"] == 2 }
        #expect(scrape["healthz_checks_total"] == 1)
        #expect(scrape["healthz_connections_open"] == 4 && scrape["healthz_up"] == nil)
    }

    @Test("Clients cannot create series beyond routes and codes")
    func cardinality() throws {
        let closed = try ClosedPort()
        let (sidecar, _) = try Self.sidecar(Self.one(closed.url))
        let client = try RawClient(port: sidecar.port)
        for number in 0..<100 {
            for target in ["/x\(number)", "/healthz/n\(number)", "/livez?\(number)", "/healthz?exclude=e\(number)"] {
                try client.send("GET \(target) HTTP/1.1\r\nHost: h\(number)\r\nUser-Agent: u\(number)\r\n\r\n")
                _ = try client.readResponse()
            }
            try client.send("POST /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.readResponse()
            let other = try RawClient(port: sidecar.port)
            try other.send("M\(number) /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try other.readResponse()
        }
        for number in 0..<10 { _ = try sidecar.get("/livez", fields: ["Bad \(number): x"]) }
        let requests = try Scrape(sidecar).samples.filter { $0.key.hasPrefix("healthz_http_requests_total") }
        #expect(
            requests == [
                "healthz_http_requests_total{route=\"other\",code=\"404\"}": 100,
                "healthz_http_requests_total{route=\"/healthz/NAME\",code=\"404\"}": 100,
                "healthz_http_requests_total{route=\"/healthz\",code=\"500\"}": 100,
                "healthz_http_requests_total{route=\"/livez\",code=\"200\"}": 100,
                "healthz_http_requests_total{route=\"/livez\",code=\"405\"}": 100,
                "healthz_http_requests_total{route=\"malformed\",code=\"400\"}": 10,
                "healthz_http_requests_total{route=\"malformed\",code=\"501\"}": 100,
            ])
        #expect(try Scrape(sidecar)["healthz_http_requests_total{route=\"/metrics\",code=\"200\"}"] == 1)
    }

    @Test("Connections are counted, and refused ones by their limit")
    func connections() throws {
        let closed = try ClosedPort()
        let (sidecar, _) = try Self.sidecar(Self.one(closed.url, "max_connections_per_client: 2\n"))
        let idle = try RawClient(port: sidecar.port)
        try idle.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try idle.readResponse()
        #expect(try Scrape(sidecar)["healthz_connections_refused_total{reason=\"max_connections_per_client\"}"] == 0)
        let others = try (0..<2).map { _ in try RawClient(port: sidecar.port) }
        for other in others { try other.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n") }
        _ = try others[1].readResponse()
        try others[1].send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        let scrape = try Scrape(others[1].readResponse())
        #expect(scrape["healthz_connections_open"] == 2)
        #expect(scrape["healthz_connections_accepted_total"] == 4)
        #expect(scrape["healthz_connections_refused_total{reason=\"max_connections_per_client\"}"] == 1)
        #expect(scrape["healthz_connections_refused_total{reason=\"exhausted\"}"] == 0)
    }

    @Test("After a reload, services that stay keep their counters, others are gone; a failed reload is shown")
    func reloads() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        func file(_ names: [String]) -> String {
            "services:\n" + names.map { "  \($0): {url: '\(closed.url)'}\n" }.joined()
        }
        let path = try folder.write(file(["a", "b"]), to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        _ = try sidecar.get("/healthz")
        let first = try Scrape(sidecar)
        #expect(first["healthz_probe_failures_total{service=\"b\",cause=\"refused\"}"] == 1)
        #expect(first["healthz_config_last_reload_successful"] == 1)
        let loadedAt = first["healthz_config_last_reload_success_timestamp_seconds"] ?? 0

        try folder.write("services: [", to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the refusal") { $0.contains("stays in force") }
        let failed = try Scrape(sidecar)
        #expect(failed["healthz_config_last_reload_successful"] == 0)
        #expect(failed["healthz_config_last_reload_success_timestamp_seconds"] == loadedAt)

        try folder.write(file(["c", "b"]), to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the reload") { $0.contains("is in force, for c, b") }
        let reloaded = try Scrape(sidecar)
        #expect(reloaded["healthz_config_last_reload_successful"] == 1)
        #expect(reloaded["healthz_config_last_reload_success_timestamp_seconds"].map { $0 > loadedAt } == true)
        #expect(reloaded["healthz_probe_failures_total{service=\"b\",cause=\"refused\"}"] == 1)
        #expect(!reloaded.samples.keys.contains { $0.contains("service=\"a\"") })
        #expect(reloaded["healthz_service_critical{service=\"c\"}"] == 1)
    }

    @Test("A draining node is not up")
    func draining() throws {
        let stack = try Stack()
        let sidecar = try RunningSidecar(stack.environment.merging(["HEALTHZ_DRAIN": "60s"]) { $1 })
        _ = try sidecar.get("/healthz")
        #expect(try Scrape(sidecar)["healthz_draining"] == 0)
        sidecar.program.signal(SIGTERM)
        let scrape = try Scrape.until(sidecar) { $0["healthz_draining"] == 1 }
        #expect(scrape["healthz_up"] == 0 && scrape["healthz_service_up{service=\"loki\"}"] == 1)
        sidecar.program.signal(SIGTERM)
        #expect(try sidecar.program.wait().code == 0)
    }

    @Test("A client without access to details gets verdicts, and the figures of healthz itself")
    func summary() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let token = "0123456789abcdef"
        let path = try folder.write(
            """
            detail: summary
            detail_token_file: \(folder.write(token, to: "token"))
            services: {a: {instances: ['\(closed.url)']}}
            """, to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        _ = try sidecar.get("/healthz")
        let shown = try Scrape(sidecar.get("/metrics", fields: ["Authorization: Bearer \(token)"]))
        for fields in [[], ["Authorization: Bearer \(token)x"]] {
            let response = try sidecar.get("/metrics", fields: fields)
            let hidden = try Scrape(response)
            #expect(!response.body.contains("\(closed.port)") && !response.body.contains("refused\""))
            let missing = Set(shown.names).subtracting(hidden.names)
            #expect(
                missing == [
                    "healthz_target_up", "healthz_service_last_state_change_timestamp_seconds",
                    "healthz_service_state_changes_total", "healthz_probe_duration_seconds",
                    "healthz_probe_failures_total",
                ])
        }
        #expect(shown["healthz_target_up{service=\"a\",target=\"\(closed.url)\"}"] == 0)
    }

    @Test("The figures of the process are those of the system")
    func process() throws {
        let closed = try ClosedPort()
        let start = Date().timeIntervalSince1970
        let (sidecar, _) = try Self.sidecar(Self.one(closed.url))
        let client = try RawClient(port: sidecar.port)
        func scraped() throws -> Scrape {
            try client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            return try Scrape(client.readResponse())
        }
        let scrape = try scraped()
        // One of Dispatch's own may come at any time.
        try until("the same number of descriptors") {
            try scraped()["process_open_fds"].map { Int($0) } == sidecar.program.descriptors
        }
        // The machine's start is known to a second.
        #expect(scrape["process_start_time_seconds"].map { (start - 3...start + 60).contains($0) } == true)
        #expect(scrape["process_cpu_seconds_total"].map { (0..<60).contains($0) } == true)
        // Between the two it may let go of its start's memory, once.
        try until("the same memory") {
            let (scrape, known) = (try scraped(), try sidecar.program.memory())
            let (virtual, resident) = (scrape["process_virtual_memory_bytes"], scrape["process_resident_memory_bytes"])
            return virtual.map { abs($0 / Double(known.virtual) - 1) < 0.2 } == true
                && resident.map { abs($0 / Double(known.resident) - 1) < 0.2 } == true
        }
        #expect(scrape["process_max_fds"].map { $0 > 100 } == true)
    }

    @Test("docs/metrics.md and the program name the same metrics, with the same types")
    func documents() throws {
        let closed = try ClosedPort()
        let consul = try ConsulStandIn()
        consul.change { $0.failure = (500, "for a metric of failures") }
        let (sidecar, _) = try Self.sidecar(
            """
            interval: 100ms
            services: {a: {instances: ['\(closed.url)']}}
            discovery: {consul: {address: '\(consul.url)', service: a, ttl: 1s, register: start}}

            """)
        try until("a failure") { try sidecar.get("/metrics").body.contains("healthz_discovery_failures_total{") }
        consul.change { $0.failure = nil }
        try until("a success") { try sidecar.get("/metrics").body.contains("healthz_discovery_last_success") }
        let shown = try Scrape(sidecar)
        let rows = try Repository.rows(of: "docs/metrics.md")
            .filter { $0.hasPrefix("| `healthz_") || $0.hasPrefix("| `process_") }
        let documented = rows.map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let labels = cells[2].split(separator: ",").map { $0.filter { $0 != "`" && $0 != " " } }
            return "\(cells[0].filter { $0 != "`" }) \(cells[1]) \(labels.sorted())"
        }
        #expect(documented.sorted() == shown.descriptions.sorted())
    }
}
