import Foundation
import TestSupport
import Testing

@Suite("Reloads", .serialized, .timeLimit(.minutes(5)))
struct ReloadTests {
    private static let reloads = ["the new configuration is in force", "the former one stays in force"]

    /// How many reloads the log tells of.
    private static func reloads(in log: String) -> Int {
        reloads.reduce(0) { $0 + log.components(separatedBy: $1).count - 1 }
    }

    private static let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("A token that is renewed as Kubernetes does it is in force without a signal, and what was known stays known")
    func renewedToken() throws {
        let answers = ["/": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
        let upstream = try FaultyUpstream([.readHead, .answer(answers), .close])
        defer { upstream.stop() }
        let folder = try Folder()
        func publish(_ name: String, _ token: String) throws {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            try folder.write(token, to: "\(name)/token")
            try FileManager.default.createSymbolicLink(atPath: folder.path("..next"), withDestinationPath: name)
            guard rename(folder.path("..next"), folder.path("..data")) == 0 else {
                throw RawClient.Failure.system("rename", errno)
            }
        }
        try publish("..v1", "first")
        let file = try folder.write(
            "services: {a: {url: '\(upstream.url)/', bearer_token_file: '..data/token'}}", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", file])
        func asks(with token: String) throws -> Bool {
            #expect(try sidecar.get("/healthz").status == 200)
            return upstream.heads.last?.contains("Authorization: Bearer \(token)\r\n") == true
        }
        #expect(try asks(with: "first"))
        // What is not valid stays unknown to the file's reader, whatever is renewed.
        try folder.write("services: [", to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try until("the reload has failed") { try sidecar.get("/readyz").body.contains("failed") }
        let token = folder.path("..data/token")
        func shown() throws -> Substring? {
            try sidecar.get("/", fields: ["Accept: text/html"]).body.firstMatch(
                of: /<code>([^<]*)<\/code> since <time datetime="([^"]*)"/
            ).flatMap { $0.1 == token ? $0.2 : nil }
        }
        let since = try #require(try shown())
        try publish("..v2", "second")
        try until("the new token") { try asks(with: "second") }
        try sidecar.program.waitForErrors("the renewal") { $0.contains("..data/token has changed and is in force") }
        #expect(try #require(try shown()) > since, "the page says since when")
        #expect(try sidecar.get("/readyz").body.contains("failed"), "a renewed secret is no reload")
        sidecar.program.signal(SIGINT)
        let log = try sidecar.program.wait().errors
        // Once, for the first check.
        #expect(log.components(separatedBy: "a is healthy").count == 2)
    }

    @Test("Ten thousand requests, while the file is swapped twenty times, good and bad: no answer is lost or wrong")
    func underLoad() throws {
        let upstream = try Nginx(.lokiOrTempo)
        let folder = try Folder()
        func file(_ names: [String]) -> String {
            "timeout: 20s\ndeadline: 20s\nservices:\n"
                + names.map { "  \($0): {preset: loki, endpoint: '\(upstream.url)'}\n" }.joined()
        }
        // Good ones, each with the services that it names, and bad ones, which change nothing.
        let files: [(text: String, services: Set<String>?)] = [
            (file(["a", "b"]), ["a", "b"]), (file(["a"]) + "    x: 1\n", nil),
            (file(["b", "c", "d"]), ["b", "c", "d"]),
            ("services: [", nil), (file(["a"]), ["a"]),
        ]
        let path = try folder.write(file(["a"]), to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        let clients = try (0..<16).map { _ in try RawClient(port: sidecar.port) }
        var services: Set<String> = ["a"]
        var swaps = 0

        /// - Returns: whether all answers were right.
        func round() throws -> Bool {
            for client in clients { try client.send(Self.request) }
            return try clients.allSatisfy { client in
                let response = try client.readResponse()
                let found = try response.json()["services"] as? [String: [String: Any]] ?? [:]
                return response.status == 200 && found.allSatisfy { $1["status"] as? String == "healthy" }
                    && (allowed.contains(Set(found.keys)))
            }
        }
        var allowed: Set<Set<String>> = [services]
        try #require(try round())
        let before = try sidecar.program.settledDescriptors()
        for number in 1..<(10_000 / clients.count) {
            if number % 30 == 0, swaps < 20 {
                let next = files[swaps % files.count]
                // Until the log says that it is in force, either may answer.
                allowed = [services, next.services ?? services]
                services = next.services ?? services
                try folder.write(next.text, to: "healthz.yaml")
                sidecar.program.signal(SIGHUP)
                swaps += 1
            }
            let isSettled = Self.reloads(in: sidecar.program.errorText) == swaps
            if isSettled { allowed = [services] }
            try #require(try round(), "after \(number) rounds and \(swaps) swaps")
            if number % 30 == 29, !isSettled {
                try sidecar.program.waitForErrors("reload \(swaps)") { Self.reloads(in: $0) == swaps }
            }
        }
        #expect(swaps == 20)
        #expect(sidecar.program.errorText.components(separatedBy: Self.reloads[1]).count - 1 == 8)
        // One more is Dispatch's own, for its first timer. Connections of the last probes are about to be closed.
        try until("the descriptors are closed") { sidecar.program.descriptors <= before + 1 }
    }

    @Test("A bad file keeps the old configuration, and the log and /readyz say so; a good one takes its place")
    func badFile() throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let path = try folder.write("services: {a: {url: '\(closed.url)'}}\n", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        #expect(try RunningSidecar.reasons(sidecar.get("/healthz")) == ["a": "refused"])
        let since = try sidecar.get("/healthz").json()["services"] as? [String: [String: Any]]

        try folder.write("services:\n  a: {acept: 404, url: '\(closed.url)'}\n", to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the refusal") { $0.contains("stays in force") }
        #expect(
            sidecar.program.errorText.contains(
                "error   \(path):2:7: services.a.acept: is not a known key; did you mean accept?"))
        #expect(sidecar.program.errorText.contains("the new configuration has mistakes in one place"))
        let ready = try sidecar.get("/readyz")
        #expect(ready.status == 200)
        #expect(ready.body.hasPrefix("ready, but the reload at 2"))
        #expect(try RunningSidecar.reasons(sidecar.get("/healthz")) == ["a": "refused"])

        try folder.write(
            """
            listen: 127.0.0.1:1
            unhealthy_status: 503
            access_log: on
            services: {a: {url: '\(closed.url)'}, b: {url: '\(closed.url)/b'}}
            """, to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the reload") { $0.contains("is in force, for a, b") }
        let response = try sidecar.get("/healthz")
        #expect(response.status == 503)
        #expect(try RunningSidecar.reasons(response) == ["a": "refused", "b": "refused"])
        let services = try response.json()["services"] as? [String: [String: Any]]
        #expect(services?["a"]?["since"] as? String == since?["a"]?["since"] as? String, "its history is kept")
        #expect(try sidecar.get("/readyz").body == "ready\n")
        try sidecar.program.waitForErrors("the access log") { $0.contains("GET /healthz 503") }
        #expect(!sidecar.program.errorText.contains("listen has changed"), "the environment's goes before the file's")
    }

    @Test("A check that runs during a reload is answered with the old services and the old status")
    func inTheAir() throws {
        let upstream = try FaultyUpstream([.readHead, .hold, .send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let closed = try ClosedPort()
        let folder = try Folder()
        let limits = "timeout: 20s\ndeadline: 20s\n"
        let path = try folder.write("\(limits)services: {a: {url: '\(upstream.url)'}}\n", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        let client = try RawClient(port: sidecar.port)
        try client.send(Self.request)
        try until("a probe") { upstream.heads.count == 1 }

        try folder.write(
            "\(limits)unhealthy_status: 503\nservices: {b: {url: '\(closed.url)'}}\n", to: "healthz.yaml")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the reload") { $0.contains("is in force, for b") }
        upstream.release()
        let first = try client.readResponse()
        #expect(first.status == 500)
        #expect(try RunningSidecar.reasons(first) == ["a": "status"])
        try client.send(Self.request)
        let second = try client.readResponse()
        #expect(second.status == 503)
        #expect(try RunningSidecar.reasons(second) == ["b": "refused"])
    }

    @Test("Secrets in files are read again")
    func secrets() throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let folder = try Folder()
        try folder.write("first", to: "token")
        let path = try folder.write(
            "services: {a: {url: '\(upstream.url)', bearer_token_file: token}}\n", to: "healthz.yaml")
        let sidecar = try RunningSidecar([:], ["--config", path])
        #expect(try sidecar.get("/healthz").status == 200)
        try folder.write("second", to: "token")
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the reload") { $0.contains("is in force") }
        #expect(try sidecar.get("/healthz").status == 200)
        #expect(upstream.heads.first?.contains("Authorization: Bearer first\r\n") == true)
        #expect(upstream.heads.last?.contains("Authorization: Bearer second\r\n") == true)
        try FileManager.default.removeItem(atPath: folder.path("token"))
        sidecar.program.signal(SIGHUP)
        try sidecar.program.waitForErrors("the refusal") {
            $0.contains("services.a.bearer_token_file: \"token\" cannot be read: no such file or directory")
        }
        #expect(try sidecar.get("/healthz").status == 200)
    }
}
