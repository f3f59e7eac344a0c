import Foundation
import TestSupport
import Testing

/// Debian's PostgreSQL and MariaDB, asked by the built program. What is missing is skipped, and said.
@Suite("Databases", .serialized, .timeLimit(.minutes(5)))
struct DatabaseTests {
    /// nil where it is not there.
    private static func tool(_ paths: [String]) -> String? {
        paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static let binaries = "/usr/lib/postgresql/15/bin"
    private static let postgres = tool(["\(binaries)/postgres"])
    private static let isRoot = getuid() == 0
    private static let setpriv = tool(["/usr/bin/setpriv"])

    /// PostgreSQL refuses to run as root.
    private static func unprivileged(_ program: String, _ arguments: [String]) throws -> Program {
        guard isRoot else { return try Program(program, arguments, environment: ["LC_ALL": "C"]) }
        return try Program(
            setpriv ?? "", ["--reuid=65534", "--regid=65534", "--clear-groups", program] + arguments,
            environment: ["LC_ALL": "C"])
    }

    /// The only service, as JSON has it.
    private static func check(_ preset: String, _ port: UInt16) throws -> [String: Any] {
        let folder = try Folder()
        let path = try folder.write(
            "services: {db: {preset: \(preset), endpoint: 'tcp://127.0.0.1:\(port)'}}\n", to: "healthz.yaml")
        let ended = try Program.run(
            ["check", "--config", path, "--format", "json"],
            environment: ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s"])
        let json = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
        let services = try #require(json?["services"] as? [String: [String: Any]])
        return try #require(services["db"])
    }

    @Test(
        "PostgreSQL is healthy while it takes clients, and says why it takes none",
        .enabled(if: postgres != nil && (!isRoot || setpriv != nil), "PostgreSQL is not installed"))
    func postgresql() throws {
        let folder = try Folder()
        if Self.isRoot { try #require(chown(folder.path, 65534, 65534) == 0) }
        let data = folder.path("data")
        let made = try Self.unprivileged("\(Self.binaries)/initdb", ["-D", data, "-A", "reject", "-N"]).wait()
        try #require(made.code == 0, "\(made.errors)")
        // Every client is asked for a password, and so holds a connection.
        try "host all all 127.0.0.1/32 scram-sha-256\n"
            .write(toFile: "\(data)/pg_hba.conf", atomically: false, encoding: .utf8)
        let port = try ClosedPort().port
        let server = try Self.unprivileged(
            Self.postgres ?? "",
            [
                "-D", data, "-p", "\(port)", "-k", folder.path, "-c", "max_connections=2", "-c",
                "superuser_reserved_connections=0", "-c", "max_wal_senders=0", "-c", "autovacuum=off",
            ])
        defer { server.signal(SIGQUIT) }
        try until("PostgreSQL: \(server.errorText)") {
            try Self.check("postgres", port)["status"] as? String == "healthy"
        }

        var clients: [RawClient] = []
        try until("no connection is left") {
            let client = try RawClient(port: port)
            try client.send(Self.startup)
            clients.append(client)
            return try Self.check("postgres", port)["reason"] as? String == "database"
        }
        let full = try Self.check("postgres", port)
        #expect(full["status"] as? String == "unhealthy")
        #expect((full["message"] as? String)?.contains("53300 \"sorry, too many clients already\"") == true)
        clients = []
        try until("connections are free") { try Self.check("postgres", port)["status"] as? String == "healthy" }
    }

    private static let startup: [UInt8] = {
        let words = Array("user\0somebody\0\0".utf8)
        return [0, 0, 0, UInt8(8 + words.count), 0, 3, 0, 0] + words
    }()

    private static let tools = Repository.path(".build/tools/usr")
    private static let mariadb = tool(["\(tools)/sbin/mariadbd", "/usr/sbin/mariadbd"])

    @Test(
        "MariaDB is healthy while it takes clients, and says why it takes none",
        .enabled(if: mariadb != nil, "MariaDB is not installed"))
    func mariaDB() throws {
        let server = Self.mariadb ?? ""
        let folder = try Folder()
        let port = try ClosedPort().port
        let script = try folder.write("", to: "empty.sql")
        // Without its tables of accounts, it lets everybody in: what counts here is how it greets and how it refuses.
        try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
        let libraries = ["\(Self.tools)/lib/x86_64-linux-gnu", "\(Self.tools)/../lib/x86_64-linux-gnu"]
        let program = try Program(
            server,
            [
                "--no-defaults", "--skip-grant-tables", "--skip-networking=0", "--datadir=\(folder.path("data"))",
                "--lc-messages-dir=\(Self.tools)/share/mysql", "--user=root", "--port=\(port)",
                "--bind-address=127.0.0.1", "--socket=\(folder.path("s"))", "--max-connections=10",
                "--init-file=\(script)", "--innodb-buffer-pool-size=8M",
            ], environment: ["LD_LIBRARY_PATH": libraries.joined(separator: ":")])
        defer { program.signal(SIGKILL) }
        try until("MariaDB: \(program.errorText)") { try Self.check("mysql", port)["status"] as? String == "healthy" }

        var clients: [RawClient] = []
        try until("no connection is left") {
            clients.append(try RawClient(port: port))
            return clients.count > 10
        }
        let full = try Self.check("mysql", port)
        #expect(full["reason"] as? String == "database")
        #expect((full["message"] as? String)?.contains("1040 \"Too many connections\"") == true)
        clients = []
        try until("connections are free") { try Self.check("mysql", port)["status"] as? String == "healthy" }
    }
}
