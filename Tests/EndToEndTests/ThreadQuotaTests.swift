import Foundation
import TestSupport
import Testing

/// Other processes take all tasks of healthz' user. RLIMIT_NPROC counts them, but not for root.
@Suite("No more threads", .serialized, .timeLimit(.minutes(5)))
struct ThreadQuotaTests {
    static let obstacle: String? = geteuid() == 0 ? nil : "needs root: a user of its own"
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    /// Of nobody else.
    private static let user = 60_000 + Int(getpid()) % 5_000

    @Test(
        "healthz answers, probes names and judges bodies, and ends on SIGTERM, when its user can have no more tasks",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func quota() throws {
        let upstream = try FaultyUpstream([.readHead, .send(Self.ok)])
        defer { upstream.stop() }
        let folder = try Folder()
        let binary = folder.path("healthz")
        try FileManager.default.copyItem(atPath: Program.healthz, toPath: binary)
        let file = try folder.write(
            """
            listen: 127.0.0.1:0
            drain: 0
            services:
              name: {url: "http://localhost:\(upstream.port)/", body: {contains: ok}}
              pattern: {url: "\(upstream.url)/", body: {matches: o.}}
            """, to: "healthz.yaml")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: binary)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let program = try Program(
            "/usr/bin/setpriv", Self.identity + ["prlimit", "--nproc=60:60", binary, "--config", file])
        let port = try program.port()
        // Sixty threads of somebody else: no more tasks for this user, of whatever process.
        let others = try (0..<60).map { _ in try Program("/usr/bin/setpriv", Self.identity + ["sleep", "120"]) }
        defer { for other in others { other.signal(SIGKILL) } }
        try until("the user has no task left") {
            try Program("/usr/bin/setpriv", Self.identity + ["prlimit", "--nproc=60:60", "sh", "-c", "true & wait"])
                .wait().code != 0
        }
        for _ in 0..<3 {
            #expect(try get("/livez", port: port).status == 200)
            let answer = try get("/healthz", port: port)
            #expect(answer.status == 200, "\(answer.body)")
        }
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    private static var identity: [String] {
        ["--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
    }
}
