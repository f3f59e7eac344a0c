import Configuration
import TestSupport
import Testing

@Suite("docs/configuration.md")
struct DocumentTests {
    private let rows: [Substring]

    init() throws {
        rows = try Repository.rows(of: "docs/configuration.md")
    }

    @Test("It has a row for every setting of the file, with its default", arguments: Setting.allCases)
    func settings(setting: Setting) {
        guard let key = setting.key else { return }
        let start = setting.defaultValue.isEmpty ? "| `\(key)` | " : "| `\(key)` | `\(setting.defaultValue)` |"
        #expect(rows.contains { $0.hasPrefix(start) }, "\(start)")
    }

    @Test("It has a row for every key of a service")
    func keys() {
        let keys =
            ["services"] + ServiceKey.allCases.map(\.rawValue) + BodyKey.allCases.map(\.rawValue)
            + ComparisonKey.allCases.map(\.rawValue) + DegradedKey.allCases.map(\.rawValue)
            + BasicAuthKey.allCases.map(\.rawValue)
            + TLSKey.allCases.map(\.rawValue)
        for key in keys { #expect(rows.contains { $0.hasPrefix("| `\(key)` |") }, "\(key)") }
    }
}
