import Foundation
import TestSupport
import Testing

@Suite("Text from upstreams and certificates in the output", .serialized, .timeLimit(.minutes(5)))
struct HostileTextTests {
    private static let nasty = "\u{1B}[2J\u{1B}]0;owned\u{7}\u{8}\u{7F}\u{9B}31m\u{202E}\u{2028}\u{0}\rfake line\n"

    private static func serving(_ certificate: (file: String, key: String)) throws -> Nginx {
        try Nginx(
            .init(
                "ssl_certificate \(certificate.file); ssl_certificate_key \(certificate.key); location / { return 200; }",
                listen: "ssl"))
    }

    /// Nothing that a terminal or a reader of lines would take for its own, but line feeds.
    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x0A: true
            case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: false
            default: true
            }
        }
    }

    @Test(
        "Control characters in answers and certificates are escaped in JSON, in text, in the log and on a terminal",
        arguments: ["text", "json"])
    func controlCharacters(logFormat: String) throws {
        let certificates = try Certificates()
        let tls = try Self.serving(certificates.certificate(forSubject: "x\u{1B}[2J\u{7}.example"))
        let head = "HTTP/1.1 200 \u{1B}[2J\u{7}\u{9B}31m\r\nX-\u{1B}: \u{1B}[2J\r\n"
        let scripts: [String: [FaultyUpstream.Step]] = [
            "body": [.readHead, .send("\(head)Content-Length: \(Self.nasty.utf8.count)\r\n\r\n\(Self.nasty)")],
            "json": [.readHead, .send("\(head)\r\n{\"a\": \"\\u001b[2J\\u0007\\u2028\"}"), .close],
            "head": [.readHead, .send("HTTP/1.1 2\u{1B}0 \u{1B}[2J\r\n\r\n"), .close],
            "length": [.readHead, .send("HTTP/1.1 200 OK\r\nContent-Length: \u{1B}[2J\r\n\r\n"), .close],
            "chunk": [.readHead, .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\u{1B}[2J\r\n"), .close],
        ]
        let upstreams = try scripts.mapValues { try FaultyUpstream($0) }
        defer { for upstream in upstreams.values { upstream.stop() } }
        let expectations = ["body": "{contains: ready}", "json": "{json: {/a: b}}", "chunk": "{contains: ready}"]
        var services =
            "services:\n  tls: {url: 'https://127.0.0.1:\(tls.port)/', tls: {ca_file: \(certificates.authority)}}\n"
        for (name, upstream) in upstreams {
            let body = expectations[name].map { ", body: \($0)" } ?? ""
            services += "  \(name): {url: '\(upstream.url)/', accept: 200\(body)}\n"
        }
        let folder = try Folder()
        let file = try folder.write(services, to: "healthz.yaml")
        let sidecar = try RunningSidecar(["HEALTHZ_LOG_FORMAT": logFormat], ["--config", file])

        let answer = try sidecar.get("/healthz")
        #expect(answer.status == 500)
        #expect(Self.isPlain(answer.body), "\(answer.body.debugDescription)")
        let shown = try #require(answer.json()["services"] as? [String: [String: Any]])
        func said(_ name: String) -> String { shown[name]?["message"] as? String ?? "nothing of \(name)" }
        // JSON gives back what was sent, and not an escape of an escape.
        #expect(
            said("body").contains("\u{1B}[2J\u{1B}]0;owned\u{7}\u{8}\u{7F}\u{9B}31m\u{202E}\u{2028}\u{0}\rfake line\n"))
        #expect(said("json").contains("\u{1B}[2J\u{7}\u{2028}"))
        #expect(
            said("tls").contains("x\u{1B}[2J\u{7}.example") || said("tls").contains("subject name"), "\(said("tls"))")
        for name in ["head", "length", "chunk"] { #expect(shown[name]?["status"] as? String != "healthy", "\(name)") }
        for accept in ["text/plain", "text/html", "*/*"] {
            let other = try sidecar.get(
                "/healthz", fields: ["Accept: \(accept)", "Upgrade-Insecure-Requests: 1"])
            #expect(other.status == 500 && Self.isPlain(other.body) && Self.isPlain(other.head.filter { $0 != "\r\n" }))
        }
        try sidecar.program.waitForErrors("all services") { log in
            scripts.keys.allSatisfy { log.contains("\($0) is unhealthy") } && log.contains("tls is unhealthy")
        }
        let log = sidecar.program.errorText
        #expect(Self.isPlain(log), "\(log.debugDescription)")
        #expect(!log.components(separatedBy: "\n").contains { $0.hasPrefix("fake line") })

        let table = try Program.run(["check", "--config", file])
        #expect(table.code == 1)
        #expect(Self.isPlain(table.output) && Self.isPlain(table.errors), "\(table.output.debugDescription)")
        #expect(!table.output.components(separatedBy: "\n").contains { $0.hasPrefix("fake line") })
    }

    @Test(
        "A certificate whose name goes on after a NUL is not for the name before it",
        arguments: [Certificates.NamePlace.alternativeName, .subject])
    func nul(place: Certificates.NamePlace) throws {
        let certificates = try Certificates()
        let server = try Self.serving(certificates.certificate(forNULAfter: "localhost", in: place))
        let folder = try Folder()
        func probed(_ name: String, _ more: String = "") throws -> String {
            let file = try folder.write(
                """
                services:
                  a: {url: 'https://localhost:\(server.port)/', tls: {ca_file: \(certificates.authority)\(more)}}
                """, to: "\(name).yaml")
            return try Program.run(["check", "--config", file]).output
        }
        let table = try probed("verified")
        #expect(table.contains("UNHEALTHY") && table.contains("tls: TLS failed: SSL: "), "\(table)")
        // It is the name that is wrong, and not what was done to make it.
        #expect(!table.contains("problem"), "\(table)")
        #expect(!table.contains("\u{0}"))
        #expect(try probed("unverified", ", insecure_skip_verify: true").contains("healthy  a"))
    }
}
