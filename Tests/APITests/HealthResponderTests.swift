import HTTPWire
import Health
import Reporting
import TestSupport
import Testing

@testable import API

@Suite("The API, without sockets", .timeLimit(.minutes(1)))
struct HealthResponderTests {
    @Test(
        "Each path has its response",
        arguments: [
            ("/", 200, "text/plain; charset=utf-8", "Healthy!"),
            ("/healthz", 200, "application/json", "\"status\": \"healthy\""),
            ("/healthz/loki", 200, "application/json", "\"loki\""),
            ("/healthz/lo%6Bi", 200, "application/json", "\"loki\""),
            ("/livez", 200, "text/plain; charset=utf-8", "alive"),
            ("/readyz", 200, "text/plain; charset=utf-8", "ready"),
            ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "healthz_draining 0"),
            ("/healthz/x", 404, "text/plain; charset=utf-8", "no service is named \"x\"; there are: loki, tempo"),
            ("/x", 404, "text/plain; charset=utf-8", "there are /, /healthz"),
        ])
    func paths(path: String, status: Int, type: String, part: String) async throws {
        let response = try #require(await Desk().get(path))
        #expect(response.status == status)
        #expect(response.field("Content-Type") == type)
        #expect(response.field("Cache-Control") == "no-store")
        #expect(response.body.contains(part), "\(response.body)")
    }

    @Test("HEAD is answered like GET, without content; another method is not allowed")
    func methods() async throws {
        let desk = await Desk()
        let get = try #require(await desk.get("/healthz"))
        let head = try #require(await desk.get("/healthz", method: "HEAD"))
        #expect(head.status == 200)
        #expect(head.body == "")
        #expect(head.field("Content-Type") == get.field("Content-Type"))
        for (method, path) in [("POST", "/healthz"), ("OPTIONS", "*")] {
            let response = try #require(await desk.get(path, method: method))
            #expect(response.status == 405)
            #expect(response.field("Allow") == "GET, HEAD")
        }
    }

    @Test(
        "A client gets the format that it accepts",
        arguments: [
            ("/healthz", "text/plain", "text/plain; charset=utf-8"), ("/healthz", "*/*", "application/json"),
            ("/healthz", "application/health+json", "application/health+json"),
            ("/healthz/loki", "text/html\r\nUpgrade-Insecure-Requests: 1", "text/html; charset=utf-8"),
            ("/healthz", "text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate", "text/html; charset=utf-8"),
            ("/healthz", "text/plain\r\nSec-Fetch-Mode: navigate", "text/plain; charset=utf-8"),
            ("/healthz", "*/*\r\nUpgrade-Insecure-Requests: 1", "application/json"),
            ("/healthz", "text/html", "application/json"),
            ("/healthz", "text/html,*/*;q=0.8\r\nSec-Fetch-Mode: cors", "application/json"),
            ("/healthz/loki", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"),
            ("/healthz", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
            ("/", "text/html,*/*;q=0.8", "text/html; charset=utf-8"), ("/", "application/json", "application/json"),
        ])
    func formats(path: String, accept: String, type: String) async throws {
        let response = try #require(
            await Desk().get(path, "Accept: \(accept)".split(separator: "\r\n").map(String.init)))
        #expect(response.field("Content-Type") == type)
        #expect(response.field("Vary") == "Accept, Sec-Fetch-Mode, Upgrade-Insecure-Requests")
    }

    @Test("The page names the machine and the program")
    func page() async throws {
        let response = try #require(await Desk().get("/", ["Accept: text/html"]))
        #expect(response.body.contains("here"))
        #expect(response.body.contains("1.2.3"))
        #expect(response.field("Content-Security-Policy") != nil)
        #expect(response.field("Referrer-Policy") == "no-referrer")
    }

    @Test("An unhealthy report has the status of the configuration in force", arguments: [500, 503])
    func unhealthyStatus(status: Int) async throws {
        let desk = await Desk(statuses: Statuses(unhealthy: status))
        let response = try #require(await desk.get("/healthz", ending: .refused))
        #expect(response.status == status)
        #expect(response.body.contains("\"refused\""))
        await desk.adopt(["grafana"], unhealthyStatus: 429)
        let after = try #require(await desk.get("/healthz", ending: .refused))
        #expect(after.status == 429)
        #expect(after.body.contains("\"grafana\"") && !after.body.contains("\"loki\""))
    }

    @Test("A degraded report may be 429", arguments: [200, 429])
    func degradedStatus(status: Int) async throws {
        let desk = await Desk(statuses: Statuses(unhealthy: 500, degraded: status))
        let late = Outcome(status: 200, .degraded(.slow(.seconds(1), limit: .milliseconds(500))))
        let response = try #require(await desk.get("/healthz", ending: late))
        #expect(response.status == status)
        #expect(response.body.contains("\"status\": \"degraded\""))
        #expect(try #require(await desk.get("/healthz")).status == 200)
    }

    @Test("Under maintenance the node is unhealthy without a probe, and clients with access to details see the reason")
    func maintenance() async throws {
        let desk = await Desk()
        #expect(try #require(await desk.get("/healthz")).status == 200)
        await desk.maintain("disk swap")
        let response = try #require(await desk.call("/healthz")?.responses.first)
        #expect(response.status == 500)
        #expect(response.body.contains("\"reason\": \"maintenance\""))
        #expect(response.body.contains("the node is under maintenance: disk swap"))
        #expect(try #require(await desk.get("/metrics")).body.contains("\nhealthz_up 0\n"))
        await desk.maintain(nil)
        #expect(try #require(await desk.get("/healthz")).status == 200)
        let closed = await Desk(audience: Audience(includesEverybody: false, networks: [], token: nil))
        await closed.maintain("disk swap")
        #expect(try #require(await closed.get("/healthz")).body.contains("disk swap") == false)
    }

    @Test("Excluded services are left out, and unknown names give a warning")
    func exclude() async throws {
        let desk = await Desk()
        let known = try #require(await desk.get("/healthz?exclude=loki"))
        #expect(!known.body.contains("\"loki\"") && known.body.contains("\"tempo\""))
        #expect(!known.body.contains("warnings"))
        let unknown = try #require(await desk.get("/healthz?exclude=x"))
        #expect(unknown.body.contains("\"loki\""))
        #expect(unknown.body.contains("exclude: no service is named \\\"x\\\""))
    }

    @Test("Requests that come while a check is running share it, and each is answered once")
    func sharedCheck() async throws {
        let desk = await Desk()
        var calls: [Call] = []
        for _ in 0..<3 { calls.append(try #require(await desk.call("/healthz"))) }
        #expect(await desk.runningProbes == 2, "one for each service")
        for call in calls { #expect(call.responses.isEmpty) }
        await desk.endProbes(.ok)
        for call in calls { #expect(call.responses.map(\.status) == [200]) }
    }

    @Test("A recent report is returned at once, after one look at the clock")
    func known() async throws {
        let desk = await Desk(["loki"], .onDemand(maxAge: .seconds(600)))
        _ = await desk.takeClockReads()
        let first = try #require(await desk.call("/healthz"))
        #expect(first.responses.isEmpty)
        // To find that nothing is known, to begin the check, and to begin its probe.
        #expect(await desk.takeClockReads() == 3)
        await desk.endProbes(.ok)
        _ = await desk.takeClockReads()
        let second = try #require(await desk.call("/healthz"))
        #expect(second.responses.map(\.body) == first.responses.map(\.body))
        #expect(await desk.takeClockReads() == 1)
        #expect(await desk.runningProbes == 0)
    }

    @Test("With an interval, the first request waits for the running check, and later requests get the last report")
    func background() async throws {
        let desk = await Desk(["loki"], .background(staleAfter: .seconds(600)))
        await desk.check()
        let first = try #require(await desk.call("/healthz/loki"))
        #expect(first.responses.isEmpty)
        #expect(await desk.runningProbes == 1)
        await desk.endProbes(.ok)
        #expect(first.responses.map(\.status) == [200])
        #expect(try #require(await desk.call("/healthz/loki")).responses.map(\.status) == [200])
        #expect(await desk.runningProbes == 0)
    }

    @Test("A draining node is unhealthy, also for a request that came before the draining")
    func draining() async throws {
        let desk = await Desk()
        #expect(try #require(await desk.get("/healthz")).status == 200)
        let before = try #require(await desk.call("/healthz"))
        await desk.drain()
        await desk.endProbes(.ok)
        let after = try #require(await desk.call("/healthz"))
        for call in [before, after] {
            let response = try #require(call.responses.first)
            #expect(response.status == 500)
            #expect(response.body.contains("draining"))
        }
        #expect(await desk.runningProbes == 0)
        let ready = try #require(await desk.get("/readyz"))
        #expect(ready.status == 503)
        #expect(try #require(await desk.get("/livez")).status == 200)
    }

    @Test("After a failed reload, the node is ready and reports the failure, until a reload succeeds")
    func reloads() async throws {
        let desk = await Desk()
        await desk.failReload()
        let failed = try #require(await desk.get("/readyz"))
        #expect(failed.status == 200)
        #expect(failed.body.hasPrefix("ready, but the reload at 1970-01-01T00:00:01.000Z failed"))
        #expect(try #require(await desk.get("/metrics")).body.contains("healthz_config_last_reload_successful 0"))
        await desk.adopt(["loki"], unhealthyStatus: 500)
        #expect(try #require(await desk.get("/readyz")).body == "ready\n")
        #expect(try #require(await desk.get("/metrics")).body.contains("healthz_config_last_reload_successful 1"))
    }

    @Test("A failed precondition has the right status, and is counted with this status")
    func preconditions() async throws {
        let desk = await Desk()
        #expect(try #require(await desk.get("/livez", ["If-None-Match: *"])).status == 304)
        #expect(try #require(await desk.get("/healthz", ["If-Match: \"x\""])).status == 412)
        let metrics = try #require(await desk.get("/metrics")).body
        #expect(metrics.contains(#"healthz_http_requests_total{route="/livez",code="304"} 1"#))
        #expect(metrics.contains(#"healthz_http_requests_total{route="/healthz",code="412"} 1"#))
    }

    @Test("Metrics have the answered requests and the counters of the server")
    func metrics() async throws {
        let desk = await Desk()
        await desk.readServerFigures {
            var refusals = StatusTally()
            refusals.record(431)
            return ServerFigures(
                connections: Figures.Connections(open: 3, accepted: 7, refused: [("max_connections", 2)]),
                refusals: refusals, process: nil)
        }
        _ = await desk.get("/healthz/loki")
        _ = await desk.get("/x")
        let metrics = try #require(await desk.get("/metrics")).body
        for line in [
            #"healthz_http_requests_total{route="/healthz/NAME",code="200"} 1"#,
            #"healthz_http_requests_total{route="other",code="404"} 1"#,
            #"healthz_http_requests_total{route="malformed",code="431"} 1"#, "healthz_connections_open 3",
        ] {
            #expect(metrics.contains(line), "\(metrics)")
        }
    }
}
