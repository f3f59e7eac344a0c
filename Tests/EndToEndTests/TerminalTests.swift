import CTestSupport
import Foundation
import TestSupport
import Testing

@Suite("The terminal", .serialized, .timeLimit(.minutes(5)))
struct TerminalTests {
    private let patient = ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s"]

    private func environment(of stack: Stack) -> [String: String] {
        patient.merging(stack.environment) { $1 }
    }

    @Test(
        "Colour is for terminals that can show it, and for whoever forces it",
        arguments: [
            ([:], true), (["NO_COLOR": "1"], false), (["NO_COLOR": "0"], false), (["NO_COLOR": ""], true),
            (["CLICOLOR": "0"], false), (["CLICOLOR": "1"], true), (["TERM": "dumb"], false), (["TERM": ""], false),
            (["TERM": "dumb", "CLICOLOR_FORCE": "1"], true), (["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], false),
        ] as [([String: String], Bool)])
    func colour(variables: [String: String], isColoured: Bool) throws {
        let closed = try ClosedPort()
        let endpoints = ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]
        let program = try TerminalProgram(
            Program.healthz, ["check"],
            environment: patient.merging(endpoints) { $1 }.merging(variables) { $1 })
        #expect(try program.wait() == 1)
        let screen = program.screen
        #expect((screen.renditions > 0) == isColoured)
        #expect(screen.lines.first == "Unhealthy: grafana (refused)")
        #expect(screen.count(of: "✗  UNHEALTHY  grafana") == 1)
        #expect(screen.unknown.isEmpty)
        #expect(!screen.isAlternate && screen.isCursorVisible)
        #expect(program.hasSettingsOfBefore)
    }

    @Test("Output to a file has colour only if it is forced")
    func piped() throws {
        let stack = try Stack()
        let plain = try Program.run(["check"], environment: environment(of: stack).merging(["CLICOLOR": "1"]) { $1 })
        #expect(!plain.output.contains("\u{1B}"))
        #expect(plain.errors.isEmpty)
        let forced = try Program.run(
            ["check"], environment: environment(of: stack).merging(["CLICOLOR_FORCE": "1"]) { $1 })
        #expect(forced.output.contains("\u{1B}[32m+\u{1B}[0m"))
        let json = try Program.run(
            ["check", "--format", "json"], environment: environment(of: stack).merging(["CLICOLOR_FORCE": "1"]) { $1 })
        #expect(!json.output.contains("\u{1B}"))
    }

    @Test("During a probe, a line on standard error shows it, and is erased at the end")
    func liveLine() throws {
        let stack = try Stack()
        stack.loki.freeze()
        let folder = try Folder()
        let file = folder.path + "/output"
        let program = try TerminalProgram(
            "/bin/sh", ["-c", "exec \"$0\" check >\"$1\"", Program.healthz, file],
            environment: environment(of: stack), columns: 60)
        try program.wait("the line") { program.screen.count(of: "2 of 3 are back after") == 1 }
        let seen = try #require(program.screen.lines.first)
        #expect(seen.hasSuffix(", waiting for loki"))
        stack.loki.thaw()
        #expect(try program.wait() == 0)
        #expect(program.screen.lines.isEmpty)
        #expect(program.screen.unknown.isEmpty)
        let output = FileManager.default.contents(atPath: file) ?? Data()
        #expect(String(decoding: output, as: UTF8.self).hasPrefix("Healthy!\n"))
        #expect(!output.contains(0x1B))
    }

    @Test("Ctrl-C erases the line and ends the check")
    func interrupted() throws {
        let stack = try Stack()
        stack.loki.freeze()
        defer { stack.loki.thaw() }
        let program = try TerminalProgram(Program.healthz, ["check"], environment: environment(of: stack))
        try program.wait("the line") { program.screen.count(of: "waiting for loki") == 1 }
        program.type("\u{3}")
        #expect(try program.wait() == 130)
        #expect(program.screen.count(of: "waiting") == 0)
    }

    @Test("A watch redraws in place, shows what has changed, fits its window, and leaves the terminal as it was")
    func watch() throws {
        let stack = try Stack()
        let program = try TerminalProgram(
            Program.healthz, ["check", "--watch", "100ms"], environment: environment(of: stack))
        try program.wait("the third round") { program.text.contains("round 3 at ") }
        #expect(program.screen.isAlternate && !program.screen.isCursorVisible)
        #expect(program.screen.count(of: "STATUS") == 1)
        #expect(program.screen.count(of: "✓  healthy") == 3)
        #expect(program.screen.count(of: "Healthy!") == 1)

        stack.tempo.stop()
        try program.wait("the change") {
            program.screen.count(of: "tempo: healthy -> unhealthy (refused), after ") == 1
        }
        let sick = try #require(program.screen.lines.firstIndex { $0.contains("✗  UNHEALTHY  tempo") })
        let well = try #require(program.screen.lines.firstIndex { $0.contains("✓  healthy    grafana") })
        #expect(sick < well)
        #expect(program.screen.count(of: "✗ tempo: refused: connection refused by 127.0.0.1:\(stack.tempo.port)") == 1)
        #expect(program.screen.count(of: ", last healthy at ") == 1)

        program.resize(columns: 44, rows: 12)
        try program.wait("a narrower frame") {
            let lines = program.screen.lines
            return lines.count == 12 && lines.last?.hasSuffix(" more lines") == true
                && lines.allSatisfy { $0.count <= 44 }
        }
        program.resize(columns: 120, rows: 40)
        try program.wait("a wider frame") { program.screen.count(of: "look at: is it running? on that port?") == 1 }

        program.type("\u{3}")
        #expect(try program.wait() == 1)
        let screen = program.screen
        #expect(!screen.isAlternate && screen.isCursorVisible)
        #expect(screen.unknown.isEmpty)
        #expect(program.hasSettingsOfBefore)
        // The last round stays to be read, and nothing else.
        #expect(screen.count(of: "UNHEALTHY  tempo") == 1)
        #expect(screen.count(of: "Ctrl-C ends it") == 0)
    }

    @Test("The window shows the first check, and a long check, while it runs")
    func slow() throws {
        let stack = try Stack()
        stack.loki.freeze()
        let program = try TerminalProgram(
            Program.healthz, ["check", "--watch", "100ms"], environment: environment(of: stack))
        try program.wait("what goes on") { program.screen.lines.first?.hasPrefix("checking for ") == true }
        stack.loki.thaw()
        try program.wait("the first round") { program.screen.count(of: "Healthy!") == 1 }
        stack.loki.freeze()
        try program.wait("a long one") { program.screen.lines.first?.contains("; checking for ") == true }
        #expect(program.screen.count(of: "Healthy!") == 1)
        stack.loki.thaw()
        program.type("\u{3}")
        #expect(try program.wait() == 0)
    }

    @Test("A watch that is stopped by Ctrl-Z gives the terminal back, and takes it again")
    func stopped() throws {
        let stack = try Stack()
        let program = try TerminalProgram(
            Program.healthz, ["check", "--watch", "100ms"], environment: environment(of: stack))
        try program.wait("a round") { program.screen.count(of: "round ") == 1 }
        program.type("\u{1A}")
        try program.wait("it to stop") { program.processState == "T" }
        try program.wait("the terminal") { !program.screen.isAlternate && program.screen.isCursorVisible }
        program.signal(SIGCONT)
        try program.wait("it to go on") { program.screen.isAlternate && program.screen.count(of: "round ") == 1 }
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        #expect(!program.screen.isAlternate && program.screen.isCursorVisible)
    }

    @Test("Ctrl-\\ ends a watch as Ctrl-C does")
    func quit() throws {
        let stack = try Stack()
        let program = try TerminalProgram(
            Program.healthz, ["check", "--watch", "100ms"], environment: environment(of: stack))
        try program.wait("a round") { program.screen.count(of: "round ") == 1 }
        program.type("\u{1C}")
        #expect(try program.wait() == 0)
        #expect(!program.screen.isAlternate && program.screen.isCursorVisible)
    }

    @Test("A watch in the background leaves the terminal to the shell")
    func background() throws {
        let upstream = try FaultyUpstream([.readHead, .send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")])
        defer { upstream.stop() }
        let script = "set -m; \"$0\" check --watch 100ms & trap \"kill $!\" TERM; wait; wait"
        let program = try TerminalProgram(
            "/bin/sh", ["-c", script, Program.healthz],
            environment: ["GRAFANA_ENDPOINT": "", "LOKI_ENDPOINT": upstream.url, "TEMPO_ENDPOINT": ""])
        try program.wait("rounds") { upstream.accepted > 3 }
        #expect(!program.text.contains("\u{1B}") && program.screen.lines.isEmpty, "\(program.text)")
        program.signal(SIGTERM)
        _ = try program.wait()
    }

    @Test("A terminal without a size has the usual size, or the size in the environment")
    func sizeless() throws {
        let closed = try ClosedPort()
        let environment = [
            "GRAFANA_ENDPOINT": "\(closed.url)/\(String(repeating: "long", count: 40))", "LOKI_ENDPOINT": "",
            "TEMPO_ENDPOINT": "",
        ]
        for (said, columns) in [([:], 80), (["COLUMNS": "50"], 50)] {
            let program = try TerminalProgram(
                Program.healthz, ["check"], environment: environment.merging(said) { $1 }, columns: 0, rows: 0)
            #expect(try program.wait() == 1)
            let table = try #require(program.text.split(whereSeparator: \.isNewline).first { $0.contains("UNHEALTHY") })
            let text = table.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            #expect(text.count == columns, "\(text)")
        }
    }

    @Test("A signal ends a watch even if nobody reads its output")
    func stalled() throws {
        let stack = try Stack()
        let folder = try Folder()
        let path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let pipe = open(path, O_RDWR | O_CLOEXEC)
        defer { close(pipe) }
        let program = try Program(
            "/bin/sh", ["-c", "exec \"$0\" check --watch 100ms --format json >\"$1\"", Program.healthz, path],
            environment: environment(of: stack))
        // The smallest there is.
        _ = test_resizePipe(pipe, 4096)
        try until("it is stuck in its write") { program.waitingIn.contains { $0.contains("pipe_write") } }
        program.signal(SIGTERM)
        #expect(try program.wait().code == 128 + SIGTERM)
    }

    @Test(
        "A failed write to standard output is an error",
        arguments: [["config"], ["check"], ["check", "--watch", "100ms"]])
    func full(command: [String]) throws {
        let stack = try Stack()
        let ended = try Program(
            "/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/full", Program.healthz] + command,
            environment: environment(of: stack)
        ).wait()
        #expect(ended.code == 71)
        #expect(ended.errors == "healthz: standard output: No space left on device\n")
    }

    @Test("A terminal without cursor movement gets the reports one after another")
    func dumb() throws {
        let stack = try Stack()
        let program = try TerminalProgram(
            Program.healthz, ["check", "--watch", "100ms"],
            environment: environment(of: stack).merging(["TERM": "dumb"]) { $1 })
        try program.wait("rounds") { program.text.contains("round 3 at") }
        #expect(!program.text.contains("\u{1B}"))
        program.type("\u{3}")
        #expect(try program.wait() == 0)
    }

    @Test("Without a terminal, the reports come one after another, and the exit code is that of the last")
    func rounds() throws {
        let stack = try Stack()
        let program = try Program(
            Program.healthz, ["check", "--watch", "100ms"], environment: environment(of: stack))
        try program.waitForOutput("three rounds") { $0.contains("round 3 at") }
        stack.tempo.stop()
        try program.waitForOutput("the change") {
            $0.contains("x tempo: healthy -> unhealthy (refused), after ")
        }
        program.signal(SIGINT)
        let ended = try program.wait()
        #expect(ended.code == 1)
        #expect(!ended.output.contains("\u{1B}"))
        #expect(ended.errors.isEmpty)
        #expect(ended.output.components(separatedBy: "-> unhealthy").count == 2)
    }

    @Test("A watch in JSON is one document after another, each as in the API")
    func jsonRounds() throws {
        let stack = try Stack()
        let program = try Program(
            Program.healthz, ["check", "--watch", "100ms", "--format", "json"], environment: environment(of: stack))
        try program.waitForOutput("three rounds") { $0.components(separatedBy: "\n}\n").count > 3 }
        program.signal(SIGTERM)
        let ended = try program.wait()
        #expect(ended.code == 0)
        let documents = ended.output.components(separatedBy: "\n}\n").dropLast().map { $0 + "\n}" }
        for document in documents {
            let object = try JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any]
            #expect(object?["status"] as? String == "healthy")
        }
    }

    @Test(
        "An interval that is none is a usage error in one line",
        arguments: [("2", "is not a duration (250ms, 2s, 1m)"), ("1ms", "is not between 100ms and 1h")])
    func malformed(text: String, problem: String) throws {
        let ended = try Program.run(["check", "--watch", text])
        #expect(ended.code == 64)
        #expect(ended.errors == "healthz: --watch: \"\(text)\" \(problem)\n")
    }

    @Test("JSON from check has the members that GET /healthz has")
    func sameShape() throws {
        let stack = try Stack()
        stack.tempo.stop()
        let sidecar = try RunningSidecar(stack.environment)
        let answered = try sidecar.get("/healthz").json()
        let checked = try Program.run(["check", "--format", "json"], environment: environment(of: stack))
        let printed = try #require(
            try JSONSerialization.jsonObject(with: Data(checked.output.utf8)) as? [String: Any])
        #expect(printed.keys.sorted() == answered.keys.sorted())
        let (left, right) = (
            printed["services"] as? [String: [String: Any]], answered["services"] as? [String: [String: Any]]
        )
        #expect(left?.mapValues { $0.keys.sorted() } == right?.mapValues { $0.keys.sorted() })
        #expect(left?["tempo"]?["reason"] as? String == "refused")
    }
}
