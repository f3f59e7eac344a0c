import Foundation
import TestSupport
import Testing

@Suite("Sockets passed by a service manager", .serialized, .timeLimit(.minutes(5)))
struct ActivationTests {
    /// As a service manager starts it: the descriptors from 3 on, and LISTEN_PID its own.
    private func start(_ descriptors: [Int32], _ environment: [String: String] = [:], pid: String = "$$") throws
        -> Program
    {
        let ours = [
            "LOKI_ENDPOINT": "http://127.0.0.1:1", "GRAFANA_ENDPOINT": "", "TEMPO_ENDPOINT": "",
            "HEALTHZ_DRAIN": "0", "LISTEN_FDS": "\(descriptors.count)",
        ]
        return try Program(
            "/bin/sh", ["-c", "export LISTEN_PID=\(pid); exec \(Program.healthz) serve"],
            environment: ours.merging(environment) { $1 }, passing: descriptors)
    }

    @Test("A passed socket is used instead of the configured address")
    func passed() throws {
        let (socket, other) = (try ClosedPort(), try ClosedPort())
        #expect(socket.listen(backlog: 16) && other.listen(backlog: 16))
        // Where another one listens already.
        let program = try start([socket.descriptor], ["HEALTHZ_LISTEN": "127.0.0.1:\(other.port)"])
        #expect(try program.port() == socket.port)
        #expect(try get("/livez", port: socket.port).status == 200)
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }

    @Test("All passed sockets are used, and the path of a passed socket is not removed")
    func several() throws {
        let folder = try Folder()
        let tcp = try ClosedPort()
        #expect(tcp.listen(backlog: 16))
        let path = folder.path("healthz.sock")
        let unix = try ListeningPath(path)
        let program = try start([unix.descriptor, tcp.descriptor])
        try program.waitForErrors("both") { $0.contains("listens on unix:\(path), http://127.0.0.1:\(tcp.port)") }
        #expect(try get("/livez", port: tcp.port).status == 200)
        let client = try RawClient(path: path)
        try client.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readResponse().status == 200)
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("Sockets for another process are ignored")
    func another() throws {
        let socket = try ClosedPort()
        #expect(socket.listen(backlog: 16))
        let program = try start([socket.descriptor], ["HEALTHZ_LISTEN": "127.0.0.1:0"], pid: "1")
        let port = try program.port()
        #expect(port != socket.port)
        #expect(try get("/livez", port: port).status == 200)
    }

    @Test("An unusable passed socket is reported, and ends the program")
    func unfit() throws {
        let bound = try ClosedPort()
        let datagram = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        let file = open("/dev/null", O_RDONLY)
        defer { for descriptor in [datagram, file] { close(descriptor) } }
        for descriptor in [bound.descriptor, datagram, file] {
            let ended = try start([descriptor]).wait()
            #expect(ended.code == 69)
            #expect(
                ended.errors
                    == "healthz: cannot listen on descriptor 3, which was passed by LISTEN_FDS: it is not a listening stream socket\n"
            )
        }
        let listening = try ClosedPort()
        #expect(listening.listen(backlog: 16))
        let missing = try start([listening.descriptor], ["LISTEN_FDS": "2"]).wait()
        #expect(missing.code == 69 && missing.errors.contains("descriptor 4"), "\(missing.errors)")
        for value in ["x", "0", "-1", "1000"] {
            let ended = try start([listening.descriptor], ["LISTEN_FDS": value]).wait()
            #expect(ended.code == 69 && ended.errors.contains("LISTEN_FDS: \"\(value)\""), "\(ended.errors)")
        }
    }

    private static let activator = "/usr/bin/systemd-socket-activate"

    @Test(
        "systemd-socket-activate starts it at the first connection",
        .enabled(if: access(activator, X_OK) == 0, "systemd-socket-activate is not installed"))
    func systemd() throws {
        let port = try ClosedPort().port
        // What the sanitizers are told would not reach it otherwise. They report leaks and races that are none: an object with
        // weak references, whose address Swift encodes; and what a Mutex protects.
        let program = try Program(
            Self.activator,
            [
                "--setenv=ASAN_OPTIONS", "--setenv=TSAN_OPTIONS", "--listen=127.0.0.1:\(port)",
                "--setenv=LOKI_ENDPOINT=http://127.0.0.1:1",
                "--setenv=GRAFANA_ENDPOINT=", "--setenv=TEMPO_ENDPOINT=", Program.healthz, "serve",
            ])
        try program.waitForErrors("a listener") { $0.contains("Listening on") }
        #expect(!program.errorText.contains("listens on"), "nothing runs before the first connection")
        #expect(try get("/livez", port: port).status == 200)
        try program.waitForErrors("its first line") { $0.contains("listens on http://127.0.0.1:\(port)") }
        program.signal(SIGTERM)
        let ended = try program.wait()
        #expect(ended.code == 0, "\(ended)")
    }
}

/// A listening UNIX socket.
private final class ListeningPath {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try RawAddress(path: path).bind(descriptor)
        guard listen(descriptor, 16) == 0 else { throw RawClient.Failure.system("listen", errno) }
    }

    deinit {
        close(descriptor)
    }
}
