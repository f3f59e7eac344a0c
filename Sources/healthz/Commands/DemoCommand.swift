import ArgumentParser
import Configuration
import EventLoop
import Glibc
import Sockets
import StandIns

struct DemoCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start stand-ins for Grafana, Loki and Tempo in this process, and healthz over them.",
        discussion: "Nothing needs to be installed or configured. End it with Ctrl-C.")

    @Option(
        help: ArgumentHelp(
            "Let this one fail: grafana, loki or tempo. May be given more than once.", valueName: "service"))
    var fail: [StandIn.Service] = []

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        let loop = EventLoop()
        var settings: [Setting: String] = [:]
        var standIns: [StandIn] = []
        for (service, setting) in [
            (StandIn.Service.grafana, Setting.grafanaEndpoint), (.loki, .lokiEndpoint), (.tempo, .tempoEndpoint),
        ] {
            let standIn = StandIn(service, fail.contains(service) ? .failing : .well, on: loop)
            settings[setting] = try await standIn.start()
            standIns.append(standIn)
        }
        if flags.values[.listen] == nil { settings[.listen] = "127.0.0.1:8080" }
        if flags.values[.drain] == nil { settings[.drain] = "0" }
        let configuration = try flags.configuration(overriding: settings)

        let sidecar = Sidecar(configuration, on: loop)
        let mayMove = flags.values[.listen] == nil
        try await sidecar.serve(orOnAnyPort: mayMove) { address in
            // Not on the loop, as whoever reads it may be slow.
            Task { @MainActor in Terminal.write(introduction(to: address), to: STDOUT_FILENO) }
        }
        withExtendedLifetime(standIns) {}
    }

    private func introduction(to address: ListenAddress) -> String {
        let failing = Set(fail.map(\.rawValue)).sorted().joined(separator: ", ")
        return """
            healthz demo: stand-ins for Grafana, Loki and Tempo, and healthz over them\
            \(failing.isEmpty ? "" : " (failing: \(failing))"). Try:

              \(curl("-i", address, "/healthz"))
              \(curl("-H 'Accept: text/plain'", address, "/healthz?exclude=loki"))
              \(curl("-i", address, "/healthz/tempo"))
            \(browser(address))
            Ctrl-C ends it.

            """
    }

    private func browser(_ address: ListenAddress) -> String {
        if case .unix = address { "" } else { "\nIn a browser, \(address.url)/ shows the same.\n" }
    }

    private func curl(_ options: String, _ address: ListenAddress, _ target: String) -> String {
        switch address {
        case .tcp: "curl \(options) '\(address.url)\(target)'"
        case .unix(let path): "curl \(options) --unix-socket \(path) 'http://localhost\(target)'"
        }
    }
}

extension StandIn.Service: ExpressibleByArgument {}
