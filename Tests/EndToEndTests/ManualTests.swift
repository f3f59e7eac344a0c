import Configuration
import Foundation
import TestSupport
import Testing

/// The manual and the completions, as `make install` puts them into place.
@Suite("The manual and the completions", .serialized, .timeLimit(.minutes(5)))
struct ManualTests {
    private let folder: Folder

    private var share: String { folder.path("usr/share") }
    private var manual: String { "\(share)/man/man1/healthz.1" }
    private var bash: String { "\(share)/bash-completion/completions/healthz" }

    init() throws {
        folder = try Folder()
        let ended = try Program(
            "/usr/bin/env",
            [
                "make", "-s", "-C", Repository.root, "install-files", "PROGRAM=\(Program.healthz)",
                "DESTDIR=\(folder.path)",
                "PREFIX=/usr",
            ]
        ).wait()
        try #require(ended.code == 0, "\(ended.errors)")
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// - Returns: nil, and says so, where the program is not installed.
    private func run(_ program: String, _ arguments: [String]) throws -> Program.Ended? {
        let ended = try Program("/usr/bin/env", [program] + arguments).wait()
        guard ended.code == 127 else { return ended }
        print("skipped: \(program) is not installed")
        return nil
    }

    /// Every command with the names of its options, as the program describes itself.
    private func commands() throws -> [(name: String, flags: [String])] {
        let help = try Program.run(["--experimental-dump-help"]).output
        let tool = try #require(try JSONSerialization.jsonObject(with: Data(help.utf8)) as? [String: Any])
        let subcommands = (tool["command"] as? [String: Any])?["subcommands"] as? [[String: Any]] ?? []
        return subcommands.compactMap { command in
            guard let name = command["commandName"] as? String, name != "help" else { return nil }
            let arguments = command["arguments"] as? [[String: Any]] ?? []
            let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }
            return (name, names.filter { $0["kind"] as? String == "long" }.compactMap { $0["name"] as? String })
        }
    }

    @Test("The manual has every command and every option of the program, and roff finds nothing wrong in it")
    func page() throws {
        let page = text(manual)
        let commands = try commands()
        #expect(commands.map(\.name) == ["serve", "check", "probe", "register", "deregister", "demo", "config"])
        for command in commands {
            #expect(page.contains("\n.It Cm \(command.name)\n"))
            for flag in command.flags where flag != "help" && flag != "version" {
                #expect(page.contains("\n.It Fl \\-\(flag.replacingOccurrences(of: "-", with: "\\-"))"), "\(flag)")
            }
        }
        for setting in Setting.allCases {
            let value = setting.row.defaultValue.isEmpty ? "none" : setting.row.defaultValue
            let line = "Variable: \(setting.variable); default: \(value)".replacingOccurrences(of: "-", with: "\\-")
            #expect(page.contains(line), "\(line)")
        }
        #expect(page.contains("\n.It 78\nconfiguration\n"))
        if let lint = try run("mandoc", ["-T", "lint", "-W", "warning", manual]) {
            #expect(lint.code == 0, "\(lint.output)")
        }
        if let groff = try run("groff", ["-ww", "-mdoc", "-T", "utf8", manual]) {
            #expect(groff.code == 0 && groff.errors.isEmpty, "\(groff.errors)")
        }
    }

    @Test("The completions are valid for their shells")
    func syntax() throws {
        let scripts = [
            ("bash", bash), ("zsh", "\(share)/zsh/site-functions/_healthz"),
            ("fish", "\(share)/fish/vendor_completions.d/healthz.fish"),
        ]
        for (shell, path) in scripts {
            #expect(text(path).contains("healthz"))
            guard let ended = try run(shell, ["-n", path]) else { continue }
            #expect(ended.code == 0 && ended.errors.isEmpty, "\(shell): \(ended.errors)")
        }
    }

    /// What bash offers for a line that ends where the cursor is.
    private func offers(_ words: String...) throws -> [String] {
        let script = """
            source "$0"
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9 COMPREPLY=()
            COMP_POINT=${#COMP_LINE}
            "$(complete -p healthz | sed 's/.*-F \\([^ ]*\\).*/\\1/')" healthz "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        // What depends on the configuration, the completion asks the program for.
        let folder = URL(fileURLWithPath: Program.healthz).deletingLastPathComponent().path
        let ended = try Program(
            "/bin/bash", ["-c", script, bash] + words, environment: ["PATH": "\(folder):/usr/bin:/bin"]
        ).wait()
        #expect(ended.errors.isEmpty)
        return ended.output.split(separator: "\n").map(String.init)
    }

    @Test("bash completes commands, options and values")
    func completion() throws {
        #expect(try offers("healthz", "ch") == ["check"])
        for command in try commands() {
            #expect(try offers("healthz", String(command.name.prefix(3))) == [command.name])
            let flags = Set(try offers("healthz", command.name, "--"))
            let missing = Set(command.flags.map { "--\($0)" }).subtracting(flags)
            #expect(missing.isEmpty, "\(command.name)")
        }
        #expect(try offers("healthz", "check", "--wat") == ["--watch"])
        #expect(try offers("healthz", "check", "") == ["grafana", "loki", "tempo"])
        #expect(try offers("healthz", "check", "loki", "t") == ["tempo"])
        let example = "\(Repository.root)/testdata/configuration/valid/one-url.yaml"
        #expect(try offers("healthz", "check", "--config", example, "") == ["loki"])
        #expect(try offers("healthz", "check", "--format", "") == ["table", "json", "text"])
        #expect(try offers("healthz", "serve", "--log-level", "w") == ["warning"])
        #expect(try offers("healthz", "serve", "--preset", "") == ["liveness", "readiness", "deep"])
        #expect(try offers("healthz", "demo", "--fail", "l") == ["loki"])
        #expect(
            try offers("healthz", "serve", "--config", "\(Repository.root)/compose/min") == [
                "\(Repository.root)/compose/minimal.yaml"
            ])
    }
}
