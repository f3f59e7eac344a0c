import TestSupport
import Testing

@testable import Configuration

@Suite("docs/configuration.md")
struct DocumentTests {
    private let rows: [Substring]

    init() throws {
        rows = try Repository.rows(of: "docs/configuration.md")
    }

    @Test("It has a row for every setting, with its values and its default", arguments: Setting.allCases)
    func settings(setting: Setting) {
        let name = setting.key ?? setting.variable
        var start = "| `\(name)` | \(setting.row.kind.documented) | "
        if !setting.row.defaultValue.isEmpty { start += "`\(setting.row.defaultValue)` |" }
        #expect(rows.contains { $0.hasPrefix(start) }, "\(start)")
    }

    @Test("It has a row for every preset", arguments: ServicePreset.allCases)
    func presets(preset: ServicePreset) {
        let names = rows.map { $0.split(separator: " | ").first ?? "" }
        #expect(names.contains { $0.contains("`\(preset.rawValue)`") })
    }

    @Test("It has a row for every key of a service and of service discovery")
    func keys() {
        let keys =
            ["services"] + ServiceKey.allCases.map(\.rawValue) + BodyKey.allCases.map(\.rawValue)
            + ComparisonKey.allCases.map(\.rawValue) + DegradedKey.allCases.map(\.rawValue)
            + BasicAuthKey.allCases.map(\.rawValue) + TLSKey.allCases.map(\.rawValue) + ["discovery"]
            + CloudMapKey.allCases.map(\.rawValue) + ConsulKey.allCases.map(\.rawValue)
            + ConsulServiceKey.allCases.map(\.rawValue)
        for key in keys { #expect(rows.contains { $0.hasPrefix("| `\(key)` |") }, "\(key)") }
    }
}

extension SettingKind {
    /// The values as the table of settings shows them.
    fileprivate var documented: String {
        switch self {
        case .address: "address"
        case .endpoint: "URL"
        case .link: "address of a page"
        case .file: "path"
        case .duration(let allowed): "`\(allowed.lowerBound.setting)` to `\(allowed.upperBound.setting)`"
        case .number(let allowed): "\(allowed.lowerBound) to \(allowed.upperBound)"
        case .word(let words, _): words.map { "`\($0)`" }.joined(separator: ", ")
        case .networks(let words, _): (words.map { "`\($0)`" } + ["networks"]).joined(separator: ", ")
        }
    }
}
