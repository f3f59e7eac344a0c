import Foundation
import TestSupport
import Testing

@testable import Configuration

/// Every file in testdata/configuration, read by healthz and held against the schema for editors.
///
/// What an invalid one is refused with stands in it, in lines that begin with `#!`: each message without the name of
/// the file. `#! schema accepts` says that it is wrong in a way that a schema cannot see. In messages, `{settings}`,
/// `{service keys}` and `{presets}` stand for the lists of all of them, so that a new one changes no file.
@Suite("Configuration files")
struct FixtureTests {
    struct Fixture: CustomTestStringConvertible, Sendable {
        let path: String
        let isValid: Bool
        let expected: [String]
        let isSeenBySchema: Bool

        var testDescription: String { URL(fileURLWithPath: path).lastPathComponent }
    }

    static let fixtures: [Fixture] = ["valid", "invalid"].flatMap { kind in
        let files = (try? Repository.files(in: "testdata/configuration/\(kind)")) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { file in
            let notes = ((try? Repository.text(file)) ?? "").split(separator: "\n").compactMap { line in
                line.hasPrefix("#! ") ? String(line.dropFirst(3)) : nil
            }
            let messages = notes.filter { $0 != "schema accepts" }
            return Fixture(
                path: Repository.path(file), isValid: kind == "valid",
                expected: messages.map { lists.reduce($0) { $0.replacing("{\($1.name)}", with: $1.list) } },
                isSeenBySchema: kind == "invalid" && !notes.contains("schema accepts"))
        }
    }

    private static let lists = [
        (name: "settings", names: Setting.allCases.compactMap(\.key) + ["discovery", "services"]),
        (name: "service keys", names: ServiceKey.allCases.map(\.rawValue)),
        (name: "presets", names: ServicePreset.allCases.map(\.rawValue)),
    ].map { (name: $0.name, list: $0.names.joined(separator: ", ")) }

    private static let environment = [
        "PORT": "3100", "EMPTY": "", "TOKEN": "not-a-real-token", "ACCEPT": "4O4", "PASSWORD": "geheim",
    ]

    @Test("There are enough files")
    func count() {
        #expect(Self.fixtures.count >= 60)
        #expect(Self.fixtures.count { !$0.isValid } > Self.fixtures.count / 2)
    }

    @Test("Each is valid, or refused with exactly its messages", arguments: fixtures)
    func messages(fixture: Fixture) {
        var found: [String] = []
        do {
            _ = try Configuration(flags: [.config: fixture.path], environment: Self.environment)
        } catch {
            found = error.mistakes.map { mistake in
                let text = mistake.description
                return text.hasPrefix("\(fixture.path):") ? String(text.dropFirst(fixture.path.count + 1)) : text
            }
        }
        #expect(found.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : $0 } == fixture.expected)
        #expect(fixture.isValid == fixture.expected.isEmpty)
    }

    /// Reads paths, and prints for each whether the schema accepts it, as Debian's jsonschema judges.
    private static let validator = """
        import json, sys, yaml, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for path in sys.argv[2:]:
            try:
                document = yaml.safe_load(open(path))
            except Exception:
                print("unreadable", path)
                continue
            error = jsonschema.exceptions.best_match(validator.iter_errors(document))
            print("refused" if error else "accepted", path, "" if error is None else " ".join(error.message.split()))
        """

    @Test("The schema for editors accepts what healthz accepts, and refuses what it can see")
    func schema() throws {
        let ended = try Program(
            "/usr/bin/python3",
            ["-c", Self.validator, Repository.path("docs/healthz.schema.json")]
                + Self.fixtures.map(\.path)
        ).wait()
        try #require(ended.code == 0, "\(ended.errors)")
        let text = ended.output
        let lines = text.split(separator: "\n").map(String.init)
        try #require(lines.count == Self.fixtures.count)
        for (fixture, line) in zip(Self.fixtures, lines) {
            // What YAML itself refuses never gets to the schema.
            if !fixture.isValid, line.hasPrefix("unreadable") { continue }
            #expect(line.hasPrefix(fixture.isSeenBySchema ? "refused" : "accepted"), "\(line)")
        }
    }
}
