import Configuration
import Foundation
import Testing

@Suite("docs/configuration.md")
struct DocumentTests {
    private static let rows: [Substring] = {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = FileManager.default.contents(atPath: root.appendingPathComponent("docs/configuration.md").path)
        return String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("| `") }
    }()

    @Test("It has a row for every setting of the file, with its default", arguments: Setting.allCases)
    func settings(setting: Setting) {
        guard let key = setting.key else { return }
        let start = setting.defaultValue.isEmpty ? "| `\(key)` | " : "| `\(key)` | `\(setting.defaultValue)` |"
        #expect(Self.rows.contains { $0.hasPrefix(start) }, "\(start)")
    }

    @Test("It has a row for every key of a service")
    func keys() {
        let keys =
            ["services"] + ServiceKey.allCases.map(\.rawValue) + BodyKey.allCases.map(\.rawValue)
            + BasicAuthKey.allCases.map(\.rawValue) + TLSKey.allCases.map(\.rawValue)
        for key in keys { #expect(Self.rows.contains { $0.hasPrefix("| `\(key)` |") }, "\(key)") }
    }
}
