import Health
import TestSupport
import Testing

@Suite("docs/operations.md")
struct OperationsTests {
    private let rows: [Substring]

    init() throws {
        rows = try Repository.rows(of: "docs/operations.md")
    }

    /// Each row with what it means and what to do: three cells, none of them empty.
    private func cells(of code: String) -> [Substring] {
        rows.filter { $0.hasPrefix("| `\(code)` | ") }.flatMap { $0.split(separator: " | ") }
    }

    @Test("It explains every cause, and what to do about it", arguments: FailureCause.allCases)
    func causes(cause: FailureCause) {
        let cells = cells(of: cause.rawValue)
        #expect(cells.count >= 3 && cells.dropFirst().allSatisfy { $0.count > 20 }, "\(cause.rawValue)")
    }

    @Test("It explains every cause that concerns the whole node", arguments: Report.Cause.allCases)
    func causesOfTheWhole(cause: Report.Cause) {
        let cells = cells(of: cause.rawValue)
        #expect(cells.count >= 3 && cells.dropFirst().allSatisfy { $0.count > 20 }, "\(cause.rawValue)")
    }
}
