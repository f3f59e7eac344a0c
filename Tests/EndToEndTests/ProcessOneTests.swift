import Foundation
import TestSupport
import Testing

/// As the first process of a container: in a namespace of process ids of its own.
@Suite("healthz as process 1", .serialized, .timeLimit(.minutes(5)))
struct ProcessOneTests {
    /// Why this cannot be tried here; nil where it can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root: a namespace of process ids" }
        let tried = try? Program("/usr/bin/unshare", namespace + ["true"]).wait()
        return tried?.code == 0 ? nil : "needs a namespace of process ids, which unshare cannot make here"
    }()

    private static let namespace = ["--pid", "--fork", "--kill-child", "--mount-proc"]

    /// The processes whose parent it is, the ended ones that nobody has waited for included.
    private static func children(of process: Int32) -> [Int32] {
        let text = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return (text ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    @Test(
        "check and probe end on the signals of people and Docker, though an upstream hangs",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"), arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT],
        [true, false])
    func signals(number: Int32, probes: Bool) throws {
        let upstream = try FaultyUpstream([.readHead, .freeze])
        defer { upstream.stop() }
        let url = "http://127.0.0.1:\(upstream.port)"
        let program = try Program(
            "/usr/bin/unshare",
            Self.namespace + [Program.healthz] + (probes ? ["probe", url, "--timeout", "50s"] : ["check"]),
            environment: [
                "GRAFANA_ENDPOINT": url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "", "HEALTHZ_TIMEOUT": "50s",
                "HEALTHZ_DEADLINE": "50s",
            ])
        try until("the upstream is asked") { !upstream.heads.isEmpty }
        let healthz = try #require(Self.children(of: program.identifier).first)
        kill(healthz, number)
        #expect(try program.wait(upTo: 20).code == 128 + number)
    }

    /// The signals of this kind, as a mask in proc(5): blocked (SigBlk), or with a handler (SigCgt).
    private static func signals(_ kind: String, of process: Int32) -> UInt64 {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(kind):") }
        return line.flatMap { UInt64($0.dropFirst(kind.count + 1).trimmingCharacters(in: .whitespaces), radix: 16) }
            ?? 0
    }

    @Test(
        "SIGTERM and SIGINT end serve with 0 before it serves",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"), arguments: [SIGTERM, SIGINT])
    func earlySignals(number: Int32) throws {
        let folder = try Folder()
        // Reading this takes long enough for the signal to come meanwhile.
        let services = (0..<6000).map { "  s\($0): {url: 'http://127.0.0.1:1/\($0)', critical: false, accept: 200}" }
        let file = try folder.write("services:\n" + services.joined(separator: "\n"), to: "healthz.yaml")
        let program = try Program("/usr/bin/unshare", Self.namespace + [Program.healthz, "--config", file])
        let mask = UInt64(1) << UInt64(number - 1)
        let healthz = try eventually("it is process 1 and handles the signal") {
            Self.children(of: program.identifier).first { Self.signals("SigCgt", of: $0) & mask != 0 }
        }
        kill(healthz, number)
        let ended = try program.wait(upTo: 20)
        #expect(ended.code == 0)
        #expect(ended.errors == "")
    }

    @Test("SIGTERM that came before the program's first step, blocked, ends serve with 0, and check with 143")
    func signalsFromBefore() throws {
        let upstream = try FaultyUpstream([.readHead, .freeze])
        defer { upstream.stop() }
        let blocked =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [15]); os.kill(os.getpid(), 15); "
            + "os.execv(sys.argv[1], sys.argv[1:])"
        for (command, code) in [("serve", 0), ("check", 143)] {
            let program = try Program(
                "/usr/bin/python3", ["-c", blocked, Program.healthz, command],
                environment: [
                    "GRAFANA_ENDPOINT": "http://127.0.0.1:\(upstream.port)", "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "",
                    "HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_TIMEOUT": "50s", "HEALTHZ_DEADLINE": "50s",
                ])
            #expect(try program.wait(upTo: 20).code == Int32(code))
        }
    }

    @Test("It leaves no orphan behind as a zombie", .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func orphans() throws {
        let folder = try Folder()
        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let closed = try ClosedPort()
        let program = try Program(
            "/usr/bin/unshare", Self.namespace + [Program.healthz],
            environment: [
                "GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": "",
                "HEALTHZ_LISTEN": "127.0.0.1:0", "HEALTHZ_DRAIN": "0",
            ])
        _ = try program.port()
        let healthz = try #require(Self.children(of: program.identifier).first)
        // A process whose parent ends at once, and which itself ends when the pipe does.
        let parent = try Program(
            "/usr/bin/nsenter", ["-t", "\(healthz)", "-p", "sh", "-c", "cat \(pipe) >/dev/null 2>&1 &"])
        #expect(try parent.wait().code == 0)
        let end = open(pipe, O_WRONLY)
        try until("the orphan is process 1's child") { !Self.children(of: healthz).isEmpty }
        close(end)
        try until("the orphan is gone") { Self.children(of: healthz).isEmpty }
        kill(healthz, SIGTERM)
        #expect(try program.wait().code == 0)
    }

    @Test("A standard stream that is closed at the start becomes /dev/null, and no socket", arguments: 0...2)
    func closedStreams(number: Int) throws {
        let closed = try ClosedPort()
        let folder = try Folder()
        let path = folder.path("healthz.sock")
        let program = try Program(
            "/bin/sh", ["-c", "exec \(Program.healthz) --listen unix:\(path) \(number)>&-"],
            environment: ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""])
        defer { program.signal(SIGKILL) }
        try until("it listens") { FileManager.default.fileExists(atPath: path) }
        let target = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(program.identifier)/fd/\(number)")
        #expect(target == "/dev/null")
        program.signal(SIGINT)
        #expect(try program.wait().code == 0)
    }

    @Test(
        "Arguments count also where /proc is not mounted: they never mean 'serve with defaults'",
        .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
    func withoutProc() throws {
        let program = try Program(
            "/usr/bin/unshare",
            ["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \(Program.healthz) probe ftp://a 'b c' ''"])
        let ended = try program.wait(upTo: 20)
        #expect(ended.code == 64)
        #expect(ended.errors.contains("'b c'"), "\(ended.errors)")
        let shown = try Program(
            "/usr/bin/unshare",
            ["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \(Program.healthz) --version"])
        #expect(try shown.wait(upTo: 20).output.hasPrefix("healthz "))
    }
}
