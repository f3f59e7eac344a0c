import Foundation
import TestSupport
import Testing

@testable import Configuration

/// The schema for editors, compared with the rows of the settings. `FixtureTests` compares it with whole files.
@Suite("docs/healthz.schema.json")
struct SchemaTests {
    private let properties: [String: [String: Any]]
    private let definitions: [String: [String: Any]]

    init() throws {
        let text = try Repository.text("docs/healthz.schema.json")
        let schema = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        properties = try #require(schema?["properties"] as? [String: [String: Any]])
        definitions = try #require(schema?["$defs"] as? [String: [String: Any]])
    }

    @Test(
        "It describes every setting of the file in the setting's words, with its default", arguments: Setting.allCases)
    func settings(setting: Setting) throws {
        guard let key = setting.key else { return }
        let property = try #require(properties[key], "\(key) is missing")
        let description = property["description"] as? String ?? ""
        #expect(description.hasPrefix(setting.row.help), "\(key): \(setting.row.help)")
        let value = try #require(property["default"], "\(key) has no default")
        #expect((value is NSNull ? "" : "\(value)") == setting.row.defaultValue, "\(key)")
    }

    @Test("It has only settings of healthz")
    func unknown() {
        #expect(Set(properties.keys) == Set(Setting.allCases.compactMap(\.key) + ["discovery", "services"]))
    }

    @Test("It has every preset, for services and for checks")
    func presets() throws {
        let service = try #require(definitions["service"]?["properties"] as? [String: Any])
        let checks = try #require(service["checks"] as? [String: Any])
        let entry = try #require(checks["additionalProperties"] as? [String: Any])
        let check = try #require(entry["properties"] as? [String: Any])
        for keys in [service, check] {
            let preset = try #require(keys["preset"] as? [String: Any])
            let values = try #require(preset["anyOf"] as? [[String: Any]])
            #expect(values.first?["enum"] as? [String] == ServicePreset.allCases.map(\.rawValue))
        }
    }

    /// Reads documents, and prints for each whether the schema accepts it.
    private static let validator = """
        import json, sys, jsonschema
        validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
        for document in json.loads(sys.argv[2]):
            print("accepted" if validator.is_valid(document) else "refused")
        """

    @Test("It accepts the values of a setting, and refuses values outside its limits")
    func values() throws {
        let samples = Setting.allCases.flatMap { setting in
            guard let key = setting.key else { return [(document: [String: Any], isValid: Bool)]() }
            return setting.row.kind.samples.map { ([key: $0.value], $0.isValid) }
        }
        try #require(samples.count > 100)
        let json = try JSONSerialization.data(withJSONObject: samples.map(\.document))
        let path = Repository.path("docs/healthz.schema.json")
        let ended = try Program(
            "/usr/bin/python3", ["-c", Self.validator, path, String(decoding: json, as: UTF8.self)]
        ).wait()
        try #require(ended.code == 0, "\(ended.errors)")
        let verdicts = ended.output.split(separator: "\n")
        try #require(verdicts.count == samples.count)
        for (sample, verdict) in zip(samples, verdicts) {
            #expect((verdict == "accepted") == sample.isValid, "\(sample.document)")
        }
    }
}

extension SettingKind {
    /// Values at the bounds, and just beyond them.
    fileprivate var samples: [(value: Any, isValid: Bool)] {
        let wrong: [(value: Any, isValid: Bool)] = [("sometimes", false), ([String: Any](), false)]
        switch self {
        case .address: return wrong + [("127.0.0.1:80", true), ("unix:/run/x", true)]
        case .endpoint: return wrong + [("http://a", true)]
        case .link: return wrong + [("https://a/b#c", true), ("javascript:alert(1)", false)]
        case .file: return [("a", true), ([String: Any](), false)]
        case .duration(let allowed):
            let beyond = allowed.lowerBound - .milliseconds(1)
            return wrong + [
                (allowed.lowerBound.setting, true), (allowed.upperBound.setting, true),
                (beyond < .zero ? "-1ms" : beyond.setting, false),
                ((allowed.upperBound + .seconds(3600)).setting, false),
            ]
        case .number(let allowed):
            return wrong + [
                (allowed.lowerBound, true), (allowed.upperBound, true), (allowed.lowerBound - 1, false),
                (allowed.upperBound + 1, false),
            ]
        case .word(let words, _): return wrong + words.map { ($0, true) }
        case .networks(let words, _): return wrong + (words + ["10.0.0.0/8"]).map { ($0, true) } + [(["::1"], true)]
        }
    }
}
