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
        let binary = try Self.binary(in: folder)
        let file = try folder.write(
            """
            listen: 127.0.0.1:0
            drain: 0
            services:
              name: {url: "http://localhost:\(upstream.port)/", body: {contains: ok}}
              pattern: {url: "\(upstream.url)/", body: {matches: o.}}
            """, to: "healthz.yaml")
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

    @Test(
        "SIGTERM ends it, however few threads are left to have", .enabled(if: obstacle == nil, "\(obstacle ?? "")"),
        arguments: 0...4)
    func end(free: Int) throws {
        let folder = try Folder()
        let binary = try Self.binary(in: folder)
        let program = try Program(
            "/usr/bin/setpriv", Self.identity + [binary],
            environment: [
                "HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_DRAIN": "0", "HEALTHZ_DEADLINE": "1s",
                "HEALTHZ_TIMEOUT": "1s",
                "LOKI_ENDPOINT": "http://127.0.0.1:1", "GRAFANA_ENDPOINT": "", "TEMPO_ENDPOINT": "",
            ])
        _ = try program.port()
        try until("the threads of Dispatch that have nothing to do have ended") {
            !program.threads.contains("oot.default-qos")
        }
        let limit = program.threads.count + free
        let limited = try Program(
            "/usr/bin/setpriv",
            Self.identity + ["prlimit", "--pid", "\(program.identifier)", "--nproc=\(limit):\(limit)"]
        ).wait()
        #expect(limited.code == 0, "\(limited.errors)")
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    @Test(
        "Without any thread to be had, serving is refused, and not silent",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func noThreads() throws {
        let folder = try Folder()
        let binary = try Self.binary(in: folder)
        let ended = try Program("/usr/bin/setpriv", Self.identity + ["prlimit", "--nproc=1:1", binary]).wait()
        #expect(ended.code == 71)
        #expect(ended.errors.contains("too few threads can be made"))
    }

    /// The program, where any user may read it.
    private static func binary(in folder: Folder) throws -> String {
        let binary = folder.path("healthz")
        try FileManager.default.copyItem(atPath: Program.healthz, toPath: binary)
        for path in [folder.path, binary] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        return binary
    }

    private static var identity: [String] {
        ["--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
    }
}
