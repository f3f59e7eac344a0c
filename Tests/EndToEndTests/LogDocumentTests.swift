import Foundation
import TestSupport
import Testing

@Suite("The log in docs/operations.md")
struct LogDocumentTests {
    @Test("Each event of the log is in the table of events")
    func events() throws {
        let rows = try Repository.rows(of: "docs/operations.md")
        var events: Set<String> = []
        for file in try Repository.files(in: "Sources/healthz/Logging") where file.hasSuffix(".swift") {
            for match in try Repository.text(file).matches(of: /"event": "([a-z_]+)"/) {
                events.insert(String(match.1))
            }
        }
        #expect(events.count >= 12)
        for event in events.sorted() {
            #expect(rows.contains { $0.split(separator: " | ")[0].contains("`\(event)`") }, "\(event)")
        }
    }
}
