import Foundation
import TestSupport

/// Where a reader of a document sits: a copy of the project, a node with healthz beside it, and healthz in PATH.
/// Everything is on loopback, on ports that the kernel chose, so the addresses in commands become others.
final class ReadersDesk {
    private let folder: Folder
    private let grafana, loki, tempo: FaultyUpstream
    private let closed: ClosedPort
    private let sidecar: RunningSidecar
    private let cloudMap: CloudMapStandIn
    private let environment: [String: String]

    /// What goes on until somebody ends it.
    private enum Lasting {
        case server
        case watch
    }

    init(_ document: Document) throws {
        folder = try Folder()
        func upstream(_ answers: [String: (status: String, content: String)]) throws -> FaultyUpstream {
            try FaultyUpstream([
                .readHead,
                .answer(
                    answers.mapValues {
                        "HTTP/1.1 \($0.status)\r\nContent-Length: \($0.content.utf8.count)\r\n\r\n\($0.content)"
                    }),
            ])
        }
        let quiet = ["/": ("404 Not Found", "404 page not found\n"), "/ready": ("200 OK", "ready\n")]
        grafana = try upstream(["/api/health": ("200 OK", #"{"database": "ok", "version": "6.5.1"}"#)])
        loki = try upstream(quiet)
        tempo = try upstream(quiet)
        closed = try ClosedPort()
        cloudMap = try CloudMapStandIn()
        // What a boot script has.
        let node = [
            "SERVICE_ID": "srv-abc", "SYSTEM_INSTANCE_ID": "i-1", "SYSTEM_IP_ADDR": "10.0.0.7",
            "REGION": "eu-central-1",
        ]
        let endpoints = [
            "GRAFANA_ENDPOINT": grafana.url, "LOKI_ENDPOINT": loki.url, "TEMPO_ENDPOINT": tempo.url,
        ]
        sidecar = try RunningSidecar(endpoints, ["--config", folder.write("timeout: 20s\n", to: "running.yaml")])
        // The folders of promtool and amtool, where they were unpacked, are behind the desk's own.
        let registry = cloudMap.environment.merging(node) { $1 }
        environment = endpoints.merging(registry) { $1 }.merging([
            "PATH": "\(folder.path)/bin:/usr/bin:/bin:\(Repository.root)/.build/tools/usr/bin", "HOME": folder.path,
            "LANG": "C.UTF-8",
            "HEALTHZ_LISTEN": "127.0.0.1:\(sidecar.port)", "HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s",
            "HEALTHZ_DRAIN": "0", "GIT_CONFIG_GLOBAL": "/dev/null",
        ]) { _, own in own }
        try lay(document)
    }

    private func lay(_ document: Document) throws {
        let files = FileManager.default
        for name in ["compose", "deploy", "scripts"] {
            try files.copyItem(atPath: "\(Repository.root)/\(name)", toPath: folder.path(name))
        }
        try? files.removeItem(atPath: folder.path("compose/secrets"))
        try files.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: false)
        try files.createSymbolicLink(atPath: folder.path("bin/healthz"), withDestinationPath: Program.healthz)
        // The machine may have another healthz, which is not ours to signal.
        try folder.write("#!/bin/sh\necho \(sidecar.program.identifier)\n", to: "bin/pidof")
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("bin/pidof"))
        try folder.write("a-password-of-the-tests-alone\n", to: "probe")
        let fallback = Document("docs/configuration.md")
        let example = document.yaml(with: "services:") ?? fallback.yaml(with: "services:") ?? ""
        try folder.write(placed(example), to: "healthz.yaml")
        let kept = "git init -q && git add compose && git -c user.name=a -c user.email=a@localhost commit -q -m a"
        let ended = try run(kept)
        guard ended.code == 0 else { throw RawClient.Failure.system(ended.errors, ended.code) }
    }

    /// The node was well until now.
    func stopLoki() throws {
        _ = try sidecar.get("/healthz")
        loki.stop()
    }

    /// What stands in a document, with the addresses and the files of this place, and time enough for a busy machine.
    func placed(_ text: String) -> String {
        let ports = [
            "3000": grafana.url, "3100": loki.url, "3200": tempo.url, "8080": "http://127.0.0.1:\(sidecar.port)",
            "8081": "http://127.0.0.1:\(sidecar.port)", "9187": closed.url,
        ]
        // The second instance of a group cannot be the first once more.
        return text.replacing("http://loki-b:3100", with: tempo.url)
            .replacing(/(https?):\/\/[a-z0-9.-]+:(\d+)\b/) { match in
                ports[String(match.output.2)]?.replacing("http:", with: "\(match.output.1):") ?? String(match.output.0)
            }
            .replacing(/^docker compose (-f \S+ )?exec healthz\x20/, with: "")
            .replacing("/run/secrets/probe", with: folder.path("probe"))
            .replacing(
                "/etc/ca.pem", with: "\(Repository.root)/testdata/configuration/files/tests-only-certificate.pem"
            )
            .replacing("/var/run/docker.sock", with: folder.path("docker.sock"))
            .replacing("--config FILE", with: "--config healthz.yaml")
            .replacing("--timeout 2s", with: "--timeout 20s")
            .replacing(/^make\x20/, with: "make --dry-run -C \(Repository.root) ")
    }

    /// Those of the project's files that a command names and that are not there.
    func missingFiles(of command: Document.Command) -> [String] {
        command.text.split(separator: " ").map(String.init)
            .filter { $0.firstMatch(of: /^(compose|deploy|docs|scripts)\//) != nil }
            .filter { !$0.hasSuffix("/.env") && !FileManager.default.fileExists(atPath: "\(Repository.root)/\($0)") }
    }

    /// Runs a command to its end; one that goes on, until it has done what it is for.
    func run(_ text: String) throws -> Program.Ended {
        switch lasting(text) {
        case nil:
            let ended = try shell(text).wait(upTo: 30)
            if text.hasPrefix("kill -HUP") {
                try sidecar.program.waitForErrors("a reload") { $0.contains("is in force") }
            }
            return ended
        case .server:
            let listen = text.contains(" demo") ? " --listen 127.0.0.1:0" : ""
            let program = try shell("exec \(text)\(listen)", listen: "127.0.0.1:0")
            _ = try program.port()
            program.signal(SIGTERM)
            return try program.wait(upTo: 30)
        case .watch:
            let program = try shell("exec \(text)")
            try program.waitForOutput("a round") { $0.contains(" took ") }
            program.signal(SIGINT)
            return try program.wait(upTo: 30)
        }
    }

    private func lasting(_ text: String) -> Lasting? {
        guard text.hasPrefix("healthz") else { return nil }
        let words = text.split(separator: " ")
        if words.contains("--watch") { return .watch }
        return words.count == 1 || words[1].hasPrefix("--config") || words[1] == "demo" ? .server : nil
    }

    private func shell(_ text: String, listen: String? = nil) throws -> Program {
        var environment = environment
        environment["HEALTHZ_LISTEN"] = listen ?? environment["HEALTHZ_LISTEN"]
        return try Program("/bin/bash", ["-c", "cd \(folder.path) || exit 99\n\(text)"], environment: environment)
    }
}
