import Foundation
import TestSupport
import Testing

@Suite("Targets and scripts", .timeLimit(.minutes(2)))
struct ScriptTests {
    private func run(_ command: String, _ environment: [String: String] = [:]) throws -> Program.Ended {
        try Program("/bin/bash", ["-c", "cd \(Repository.root) || exit 99\n\(command)"], environment: environment)
            .wait(upTo: 60)
    }

    @Test("make alone lists every target that a person calls, and runs none")
    func help() throws {
        let listed = try run("make").output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for target in ["run", "test", "check", "lint", "release", "install", "install-service", "deb", "dist"] {
            #expect(listed.contains { $0.prefix(2) == ["make", target] && $0.count > 2 }, "\(target)")
        }
        #expect(listed.allSatisfy { $0.first == "make" })
    }

    /// A folder for PATH with what scripts/setup needs, but without Swift.
    private func folderWithoutSwift() throws -> Folder {
        let folder = try Folder()
        for program in ["bash", "dpkg-query", "grep", "id"] {
            let path = try run("command -v \(program)").output.trimmingCharacters(in: .newlines)
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(program), withDestinationPath: path)
        }
        return folder
    }

    @Test("An installation needs no Swift; a build says what to do about it")
    func setup() throws {
        let folder = try folderWithoutSwift()
        let without = try run("exec \(folder.path("bash")) scripts/setup bash", ["PATH": folder.path])
        #expect(without.code == 0, "\(without.errors)")
        let build = try run(
            "exec \(folder.path("bash")) scripts/setup --swift bash", ["PATH": folder.path, "SUDO_USER": "somebody"])
        #expect(build.code == 1)
        #expect(build.errors.contains("no Swift toolchain"))
        #expect(build.errors.contains("run make release without sudo first, and then sudo make install"))
    }

    @Test("The installed unit starts the program where it was installed")
    func units() throws {
        let folder = try Folder()
        let ended = try run("make --silent install-service DESTDIR=\(folder.path) PREFIX=/opt/healthz")
        #expect(ended.code == 0, "\(ended.errors)")
        let unit = try String(
            contentsOfFile: folder.path("opt/healthz/lib/systemd/system/healthz.service"), encoding: .utf8)
        #expect(unit.contains("ExecStart=/opt/healthz/bin/healthz serve\n"))
        #expect(!unit.contains("/usr/local"))
        let settings = folder.path("etc/healthz/environment")
        try "LOKI_ENDPOINT=\n".write(toFile: settings, atomically: true, encoding: .utf8)
        #expect(try run("make --silent install-service DESTDIR=\(folder.path)").code == 0)
        #expect(try String(contentsOfFile: settings, encoding: .utf8) == "LOKI_ENDPOINT=\n")
    }

    @Test("The settings that packages install are valid")
    func settings() throws {
        let lines = try Repository.text("deploy/environment").split(separator: "\n")
        var variables: [String: String] = [:]
        // With those that are proposed as comments, except a file that is not there.
        for line in lines.map({ $0.drop { $0 == "#" } }) where line.contains(/^[A-Z_]+=/) && !line.contains("_CONFIG=")
        {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            variables[parts[0]] = parts[1]
        }
        #expect(variables.count >= 6)
        let ended = try Program.run(["config", "--check"], environment: variables)
        #expect(ended.code == 0, "\(ended.errors)")
    }
}
