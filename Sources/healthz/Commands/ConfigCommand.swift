import ArgumentParser
import Configuration
import Health
import Reporting

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print the effective configuration, each value with its origin.")

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        let configuration = try flags.configuration()
        for warning in configuration.warnings { Terminal.complain("warning: \(warning)") }
        var settings = [["SETTING", "VALUE", "ORIGIN"]]
        for value in configuration.settings {
            settings.append([value.setting.rawValue, value.shown.isEmpty ? "(off)" : value.shown, origin(value)])
        }
        var services = [["SERVICE", "PROBE", "HEALTHY", "TIMEOUT"]]
        for target in configuration.targets {
            services.append([
                target.name, "GET \(target.url)", "\(target.expectation.statuses)", target.timeout.setting,
            ])
        }
        Terminal.show(Table.text(settings) + "\n" + Table.text(services))
    }

    private func origin(_ value: SettingValue) -> String {
        switch value.origin {
        case .flag: "flag \(value.place)"
        case .environment: "environment \(value.place)"
        case .byDefault: "default"
        }
    }
}
