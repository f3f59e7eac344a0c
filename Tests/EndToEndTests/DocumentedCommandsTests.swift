import Foundation
import TestSupport
import Testing

/// The commands of README.md, CONTRIBUTING.md, SECURITY.md and docs/, run as the documents show them.
@Suite("Commands in documents", .timeLimit(.minutes(5)))
struct DocumentedCommandsTests {
    /// Programs that are not run here, and why. What files their commands name is looked at all the same.
    private static let elsewhere = [
        "aws": "needs an account",
        "docker": "needs an engine and a registry: `make image-check` runs it where there is an engine",
        "sudo":
            "changes the machine: `make deb-check` and `make systemd-check` do so in root file systems of their own",
        "swift": "builds for minutes",
        "systemctl": "needs systemd: `make systemd-check` boots one",
    ]

    /// Programs that are run. `make` only says what it would do: it builds, tests or measures for minutes.
    private static let here: Set = [
        "amtool", "cp", "curl", "git", "healthz", "kill", "make", "scripts/compose-secrets",
        "scripts/two-datacenters-secrets",
    ]

    /// Of these, what stands within sentences is run, too.
    private static let mentioned: Set = ["amtool", "curl", "docker", "healthz", "make"]

    @Test("Every program in a block is run, or is in the list of those that are not", arguments: Document.all)
    func known(document: Document) {
        for command in document.commands + document.session {
            for word in command.words where !Self.here.contains(word) && Self.elsewhere[word] == nil {
                Issue.record("\(document.path):\(command.line): \(word): run it in this test, or say why not")
            }
        }
        #expect(
            document.languages.isSubset(of: ["sh", "console", "yaml", "text", ""]), "\(document.path): other languages")
    }

    @Test("Both lists name only what documents have")
    func lists() {
        let words = Set(
            Document.all.flatMap { $0.commands + $0.session + $0.mentions(of: Self.mentioned) }.flatMap(\.words))
        #expect(Set(Self.elsewhere.keys).union(Self.here).subtracting(words).sorted() == [])
    }

    @Test("Every command works as documented on a healthy node", arguments: Document.all)
    func well(document: Document) throws {
        let commands = document.commands + document.mentions(of: Self.mentioned)
        guard !commands.isEmpty else { return }
        let desk = try ReadersDesk(document)
        var texts: Set<String> = []
        for command in commands where texts.insert(command.text).inserted {
            let place = "\(document.path):\(command.line): \(command.text)"
            for file in desk.missingFiles(of: command) { Issue.record("\(place): there is no \(file)") }
            let text = desk.placed(command.text)
            guard Document.Command(line: 0, text: text).words.allSatisfy({ Self.elsewhere[$0] == nil }) else {
                continue
            }
            let ended = try desk.run(text)
            if ended.code == 127, command.words == ["amtool"] {
                print("skipped: amtool is not installed: \(place)")
                continue
            }
            #expect(ended.code == 0, "\(place): \(ended.output)\(ended.errors)")
        }
    }

    @Test("The output in a document is the real output, on a node whose Loki has just died")
    func session() throws {
        for document in Document.all where !document.session.isEmpty {
            let desk = try ReadersDesk(document)
            try desk.stopLoki()
            for command in document.session {
                let ended = try desk.run(desk.placed(command.text))
                // Each of CR LF, as a head has them, and LF ends a line.
                let lines = ended.output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
                let shown = Shape.of(command.shown ?? [])
                let place = "\(document.path):\(command.line): \(command.text)"
                #expect(shown.count > 0, "\(place)")
                #expect(Shape.of(lines, fieldsOf: shown) == shown, "\(place)")
                #expect(ended.code == (command.words == ["healthz"] ? 1 : 0), "\(place): \(ended.errors)")
            }
        }
        #expect(Document.all.flatMap(\.session).count >= 3)
    }
}

/// What is printed, without what is another each time: times, addresses, and the widths of columns.
private enum Shape {
    /// - Parameter fieldsOf: a document leaves fields of a response out: those that are not in it do not count.
    static func of(_ lines: [some StringProtocol], fieldsOf shown: [String]? = nil) -> [String] {
        var lines = lines.map { line in
            String(line).replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, with: "TIME")
                .replacing(/[a-z0-9.]+:\d{4,5}/, with: "ADDRESS")
                .replacing(/\d+(\.\d+)? (ms|s)\b/, with: "DURATION")
                .replacing(/"duration_ms": [\d.]+/, with: "\"duration_ms\": DURATION")
                .replacing(/\s+/, with: " ")
                .trimmingCharacters(in: .whitespaces)
        }
        if let shown, lines.first?.hasPrefix("HTTP/") == true, let end = lines.firstIndex(of: "") {
            lines = [lines[0]] + lines[1..<end].filter(shown.contains) + lines[end...]
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }
}
