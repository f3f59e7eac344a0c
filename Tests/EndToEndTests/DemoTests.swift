import Foundation
import TestSupport
import Testing

@Suite("The demonstration on a terminal", .serialized, .timeLimit(.minutes(5)))
struct DemoTests {
    private let patient = ["HEALTHZ_TIMEOUT": "20s", "HEALTHZ_DEADLINE": "20s"]

    private func demo(_ arguments: [String] = []) throws -> (program: TerminalProgram, port: UInt16) {
        let program = try TerminalProgram(
            Program.healthz, ["demo", "--listen", "127.0.0.1:0"] + arguments, environment: patient)
        try program.wait("the introduction") { program.text.contains("Ctrl-C ends it.") }
        let digits = program.text.components(separatedBy: "curl -i 'http://127.0.0.1:").dropFirst().first?.prefix {
            $0.isNumber
        }
        return (program, try #require(digits.flatMap { UInt16($0) }))
    }

    @Test(
        "A key makes a service fail, and the same key makes it work again",
        arguments: [
            ("g", "grafana", "status", "has lost its database, and answers 503", "has its database again"),
            ("l", "loki", "refused", "stopped, and refuses connections", "runs again"),
            ("t", "tempo", "refused", "stopped, and refuses connections", "runs again"),
        ])
    func keys(key: String, service: String, reason: String, failing: String, well: String) throws {
        let (program, port) = try demo()
        try program.wait("200") { (try? get("/healthz", port: port))?.status == 200 }
        program.type(key)
        try program.wait("500") { (try? get("/healthz", port: port))?.status == 500 }
        #expect(try RunningSidecar.reasons(get("/healthz", port: port)).compactMapValues(\.self) == [service: reason])
        program.type(key)
        try program.wait("200 again") { (try? get("/healthz", port: port))?.status == 200 }
        program.type("\u{3}")
        #expect(try program.wait() == 0)
        let lines = program.text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.filter { $0 == "\(service): \(failing)" || $0 == "\(service): \(well)" }.count == 2)
        #expect(lines.contains { $0.contains("\(service) is unhealthy") })
        #expect(program.hasSettingsOfBefore)
    }

    @Test("The key of a service that fails from the start makes it work, and other keys do nothing")
    func mended() throws {
        let (program, port) = try demo(["--fail", "loki"])
        try program.wait("500") { (try? get("/healthz", port: port))?.status == 500 }
        program.type("x\u{1B}[Al")
        try program.wait("200") { (try? get("/healthz", port: port))?.status == 200 }
        program.type("\u{3}")
        #expect(try program.wait() == 0)
    }

    @Test("The settings of the terminal are as before, even if the start fails")
    func failedStart() throws {
        let taken = try ClosedPort()
        let program = try TerminalProgram(
            Program.healthz, ["demo", "--listen", "192.0.2.1:\(taken.port)"], environment: patient)
        #expect(try program.wait() == 69)
        #expect(program.hasSettingsOfBefore)
    }

    @Test("Without a terminal, no key is named and requests start the checks")
    func withoutTerminal() throws {
        let program = try Program(Program.healthz, ["demo", "--listen", "127.0.0.1:0"], environment: patient)
        _ = try program.port(after: "curl -i 'http://127.0.0.1:")
        #expect(!program.outputText.contains("Press g"))
        program.signal(SIGTERM)
        #expect(try program.wait().code == 0)
    }
}
