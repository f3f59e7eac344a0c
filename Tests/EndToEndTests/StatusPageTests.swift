import Foundation
import TestSupport
import Testing

@Suite("The status page of the running program", .serialized, .timeLimit(.minutes(5)))
struct StatusPageTests {
    private static let browser =
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

    private static func sidecar(_ environment: [String: String] = [:]) throws -> RunningSidecar {
        let closed = try ClosedPort()
        let endpoints = ["GRAFANA_ENDPOINT": "", "LOKI_ENDPOINT": closed.url, "TEMPO_ENDPOINT": ""]
        return try RunningSidecar(endpoints.merging(environment) { _, given in given })
    }

    @Test("Browsers get the page, and programs get JSON")
    func negotiation() throws {
        let sidecar = try Self.sidecar()
        let (json, text, health, page) =
            ("application/json", "text/plain; charset=utf-8", "application/health+json", "text/html; charset=utf-8")
        let navigation = [Self.browser, "Upgrade-Insecure-Requests: 1"]
        let table: [(target: String, fields: [String], type: String)] = [
            ("/healthz", [], json), ("/healthz", ["Accept: */*"], json), ("/healthz", ["Accept: application/*"], json),
            ("/healthz", ["Accept: application/json, text/plain, */*"], json),
            ("/healthz", ["User-Agent: ELB-HealthChecker/2.0"], json), ("/healthz", navigation, page),
            ("/healthz", [Self.browser], json), ("/healthz", [Self.browser, "Sec-Fetch-Mode: navigate"], page),
            ("/healthz", ["Accept: text/html"], json), ("/healthz/loki", navigation, page),
            ("/healthz?exclude=tempo", navigation, page), ("/healthz", ["Accept: application/health+json"], health),
            ("/healthz", ["Accept: application/health+json, application/json;q=0.9"], health),
            ("/healthz", ["Accept: text/plain"], text), ("/", [], text), ("/", ["Accept: */*"], text),
            ("/", [Self.browser], page), ("/", ["Accept: application/json"], json),
            ("/", ["Accept: application/health+json"], health), ("/healthz?format=json", [Self.browser], json),
            ("/?format=text", [Self.browser], text), ("/healthz?format=html", [], page),
            ("/healthz?format=health", [], health), ("/healthz?format=pdf", [], json),
        ]
        for (target, fields, type) in table {
            let answer = try sidecar.get(target, fields: fields)
            #expect(answer.status == 500, "\(target) \(fields)")
            #expect(answer.field("Content-Type") == type, "\(target) \(fields)")
            #expect(answer.field("Vary") == "Accept, Sec-Fetch-Mode, Upgrade-Insecure-Requests")
        }
    }

    @Test("The page loads nothing, is not stored, sends no referrer, and is not allowed in a frame")
    func fields() throws {
        let page = try Self.sidecar().get("/", fields: [Self.browser])
        let policy = try #require(page.field("Content-Security-Policy"))
        #expect(policy.hasPrefix("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"))
        #expect(page.field("Referrer-Policy") == "no-referrer")
        #expect(page.field("X-Content-Type-Options") == "nosniff")
        #expect(page.field("Cache-Control") == "no-store")
        #expect(page.body.contains("refused"))
    }

    @Test("For an unknown path, a browser gets a page with a link back, and a program a line of text")
    func errors() throws {
        let sidecar = try Self.sidecar()
        for (target, title) in [("/nothing", "404 Not Found"), ("/healthz/nobody", "404 Not Found")] {
            let page = try sidecar.get(target, fields: [Self.browser])
            #expect(page.status == 404 && page.field("Content-Type") == "text/html; charset=utf-8")
            #expect(page.body.contains("</svg>\(title)</h1>") && page.body.contains("<a href=\"/\">"))
            #expect(page.field("Content-Security-Policy") != nil)
            #expect(try sidecar.get(target).body.hasPrefix("\(title): "))
        }
        let client = try RawClient(port: sidecar.port)
        try client.send("DELETE / HTTP/1.1\r\nHost: a\r\n\(Self.browser)\r\n\r\n")
        let refused = try client.readResponse()
        #expect(
            refused.status == 405 && refused.field("Allow") != nil
                && refused.body.contains("405 Method Not Allowed</h1>"))
    }

    @Test("It has the status of the answer to balancers, and shows the requested services")
    func statuses() throws {
        let stack = try Stack()
        let closed = try ClosedPort()
        var environment = stack.environment
        environment["LOKI_ENDPOINT"] = closed.url
        environment["HEALTHZ_UNHEALTHY_STATUS"] = "503"
        let sidecar = try RunningSidecar(environment)
        let whole = try sidecar.get("/", fields: [Self.browser])
        #expect(whole.status == 503 && whole.body.contains("Clients are answered 503."))
        let one = try sidecar.get("/healthz/tempo", fields: [Self.browser, "Upgrade-Insecure-Requests: 1"])
        #expect(one.status == 200 && one.body.contains("<title>✓ Healthy"))
        let without = try sidecar.get("/?exclude=loki", fields: [Self.browser])
        #expect(without.status == 200 && without.body.contains("Left out: loki."))
        #expect(without.body.contains("href=\"?exclude=loki&amp;refresh=off\""))
        #expect(try sidecar.get("/?refresh=off", fields: [Self.browser]).body.contains("This page stays as it is."))
    }

    @Test("Each load is a check on demand, and the page remembers the last 120")
    func checks() throws {
        let sidecar = try Self.sidecar()
        for _ in 0..<121 { _ = try sidecar.get("/healthz") }
        #expect(try sidecar.get("/", fields: [Self.browser]).body.contains("120 checks since "))
    }

    @Test("With an interval, it is made from the last report")
    func background() throws {
        let sidecar = try Self.sidecar(["HEALTHZ_INTERVAL": "1h"])
        for _ in 0..<3 {
            let page = try sidecar.get("/", fields: [Self.browser])
            #expect(page.body.contains("1 check since "))
        }
    }

    @Test("A client without access to details sees verdicts")
    func summary() throws {
        let sidecar = try Self.sidecar(["HEALTHZ_DETAIL": "summary"])
        let page = try sidecar.get("/", fields: [Self.browser])
        #expect(page.status == 500 && page.body.contains("<span class=\"word\">unhealthy</span>"))
        #expect(!page.body.contains("refused") && !page.body.contains("127.0.0.1"))
        let health = try sidecar.get("/healthz", fields: ["Accept: application/health+json"])
        #expect(health.body.contains("\"fail\"") && !health.body.contains("127.0.0.1"))
    }

    @Test("While draining it says so")
    func draining() throws {
        let sidecar = try Self.sidecar(["HEALTHZ_DRAIN": "60s"])
        _ = try sidecar.get("/healthz")
        sidecar.program.signal(SIGTERM)
        try sidecar.program.waitForErrors("draining") { $0.contains("SIGTERM") }
        let page = try sidecar.get("/", fields: [Self.browser])
        #expect(page.status == 500 && page.body.contains("</svg>Draining</h1>"))
        #expect(page.body.contains("As of <time"))
    }

    private static let hasChromium = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    @Test(
        "In a browser it is complete, silent, readable, keeps its place, and turns with the node",
        .enabled(if: hasChromium, "chromium is not installed, so no browser reads the status page"))
    func browser() throws {
        let ended = try Program(
            Repository.path("scripts/page-check"), [], environment: ["HEALTHZ": Program.healthz]
        ).wait(upTo: 240)
        print(ended.output)
        #expect(ended.code == 0, "\(ended.output) \(ended.errors)")
    }
}
