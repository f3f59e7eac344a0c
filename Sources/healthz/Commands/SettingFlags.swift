import ArgumentParser
import Configuration
import Glibc

/// The flags of all settings, for every command that reads the configuration.
///
/// ArgumentParser finds the options of a command by its mirror, and decodes them by name. Usually the compiler makes
/// both from one property for each option. Here both are made from the rows of `Setting`, so that a setting has one
/// row.
struct SettingFlags: ParsableArguments, CustomReflectable {
    /// The flags on the command line.
    let values: [Setting: String]

    init() {
        values = [:]
    }

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: Key.self)
        var values: [Setting: String] = [:]
        for setting in Setting.allCases {
            values[setting] = try options.decode(Option<String?>.self, forKey: Key(setting)).wrappedValue
        }
        self.values = values
    }

    var customMirror: Mirror {
        Mirror(self, children: Setting.allCases.map { ($0.rawValue, Option(setting: $0)) })
    }

    func configuration(overriding: [Setting: String] = [:]) throws -> Configuration {
        try Configuration.orComplaints(flags: values.merging(overriding) { _, new in new })
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ setting: Setting) {
            stringValue = setting.rawValue
        }

        init?(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) { nil }
    }
}

extension Option<String?> {
    fileprivate init(setting: Setting) {
        let row = setting.row
        self.init(
            name: .customLong(setting.rawValue), help: ArgumentHelp(row.help, valueName: row.kind.valueName),
            completion: row.kind.completion)
    }
}

extension SettingKind {
    fileprivate var completion: CompletionKind? {
        switch self {
        case .file(let extensions): .file(extensions: extensions)
        case .word(let words, _), .networks(let words, _): .list(words)
        case .address, .endpoint, .link, .duration, .number: nil
        }
    }
}

extension Configuration {
    static func load(flags: [Setting: String]) throws(ConfigurationError) -> Configuration {
        try Configuration(flags: flags, environment: Terminal.environment)
    }

    /// Returns the configuration, or prints each mistake on a line and ends the program.
    static func orComplaints(flags: [Setting: String]) throws -> Configuration {
        try orComplaints { () throws(ConfigurationError) in try load(flags: flags) }
    }

    static func orComplaints(_ load: () throws(ConfigurationError) -> Configuration) throws -> Configuration {
        do throws(ConfigurationError) {
            return try load()
        } catch {
            for mistake in error.mistakes { Terminal.printError(of: mistake) }
            for warning in error.warnings { Terminal.printError("warning: \(warning)") }
            throw error.mistakes.allSatisfy { $0.origin == .flag } ? ExitCode.usage : ExitCode.configuration
        }
    }
}
