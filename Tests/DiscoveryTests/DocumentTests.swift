import Discovery
import TestSupport
import Testing

@Suite("Documents of service discovery")
struct DiscoveryDocumentTests {
    @Test("docs/operations.md says of every cause what it means and what to do", arguments: RegistryCause.allCases)
    func causes(cause: RegistryCause) throws {
        let text = try Repository.text("docs/operations.md")
        let start = try #require(text.firstRange(of: "## Causes of service discovery"))
        let rows = text[start.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| \(cause.rawValue) | ") }
        #expect(rows.count == 1 && rows[0].split(separator: " | ").dropFirst().allSatisfy { $0.count > 20 })
    }
}
