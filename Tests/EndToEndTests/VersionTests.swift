import Foundation
import TestSupport
import Testing

@Suite("The version of the program", .timeLimit(.minutes(1)))
struct VersionTests {
    /// What a file says before the version: each place must have it.
    @Test(
        "Every file names the version of the program",
        arguments: [
            ("Dockerfile", "org.opencontainers.image.version=\""), ("compose/compose.yaml", "HEALTHZ_IMAGE:-healthz:"),
            ("compose/minimal.yaml", "image: healthz:"), ("compose/.env.example", "HEALTHZ_IMAGE=healthz:"),
            ("docs/openapi.yaml", "  version: "), ("CHANGELOG.md", "\n\n## "), ("README.md", " -t healthz:"),
            ("SECURITY.md", "the version in development is "), ("docs/operations.md", "04.113Z info    healthz "),
        ])
    func places(file: String, before: String) throws {
        let version = try Program.run(["--version"]).output.split(whereSeparator: \.isWhitespace).last.map(String.init)
        let named = try Repository.text(file).components(separatedBy: before).dropFirst().map {
            String($0.prefix { $0.isNumber || $0 == "." })
        }
        // Older versions follow in CHANGELOG.md.
        let wanted = file == "CHANGELOG.md" ? named.prefix(1) : named[...]
        #expect(!wanted.isEmpty)
        for found in wanted { #expect(found.trimmingCharacters(in: ["."]) == version, "\(file)") }
    }
}
