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
        discussion: """
            Nothing needs to be installed or configured. On a terminal, the keys g, l and t make a service fail and work again, \
            and checks run every second. Ctrl-C ends it.
            """)

    @Option(
        help: ArgumentHelp(
            "Let this one fail: grafana, loki or tempo. May be given more than once.", valueName: "service"))
    var fail: [StandIn.Service] = []

    @OptionGroup var flags: SettingFlags

    func execute() async throws {
        let loop = EventLoop()
        var settings: [Setting: String] = [:]
        var standIns: [StandIn.Service: StandIn] = [:]
        for (service, setting) in [
            (StandIn.Service.grafana, Setting.grafanaEndpoint), (.loki, .lokiEndpoint), (.tempo, .tempoEndpoint),
        ] {
            let standIn = StandIn(service, fail.contains(service) ? .failing : .well, on: loop)
            settings[setting] = try await standIn.start()
            standIns[service] = standIn
        }
        let keyboard = Keyboard(on: loop) { [standIns] key in DemoCommand.press(key, standIns) }
        if flags.values[.listen] == nil { settings[.listen] = "127.0.0.1:8080" }
        if flags.values[.drain] == nil { settings[.drain] = "0" }
        // The log then shows the effect of a key without a request.
        if keyboard != nil, flags.values[.interval] == nil, flags.values[.cache] == nil { settings[.interval] = "1s" }
        let configuration = try flags.configuration(overriding: settings)
        try await serve(configuration, keyboard, on: loop)
        withExtendedLifetime(standIns) {}
    }

    private func serve(_ configuration: Configuration, _ keyboard: Keyboard?, on loop: EventLoop) async throws {
        let sidecar = Sidecar(configuration, on: loop)
        let mayMove = flags.values[.listen] == nil
        try await keyboard?.start()
        defer { keyboard?.restore() }
        try await sidecar.serve(orOnAnyPort: mayMove) { address in
            // Not on the loop: a terminal may block.
            Task { @MainActor in
                Terminal.write(introduction(to: address, hasKeys: keyboard != nil), to: STDOUT_FILENO)
            }
        }
        withExtendedLifetime(keyboard) {}
    }

    /// Called on the loop.
    private static func press(_ key: Character, _ standIns: [StandIn.Service: StandIn]) {
        guard let (service, standIn) = standIns.first(where: { $0.key.rawValue.first == key }) else { return }
        Task { @MainActor in
            do {
                Terminal.write("\(service): \(service.text(try await standIn.toggle()))\n", to: STDOUT_FILENO)
            } catch {
                Terminal.printError("demo: \(service): \(error)")
            }
        }
    }

    private func introduction(to address: ListenAddress, hasKeys: Bool) -> String {
        let failing = Set(fail.map(\.rawValue)).sorted().joined(separator: ", ")
        return """
            healthz demo: stand-ins for Grafana, Loki and Tempo, and healthz over them\
            \(failing.isEmpty ? "" : " (failing: \(failing))"). Try:

              \(curl("-i", address, "/healthz"))
              \(curl("-H 'Accept: text/plain'", address, "/healthz?exclude=loki"))
              \(curl("-i", address, "/healthz/tempo"))
            \(browser(address))\(hasKeys ? DemoCommand.keys : "")
            Ctrl-C ends it.

            """
    }

    private static let keys = """

        Press g, l or t: Grafana, Loki or Tempo fails. Press it again: the service works again.

        """

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

extension StandIn.Service: ExpressibleByArgument {
    fileprivate func text(_ condition: StandIn.Condition) -> String {
        switch (self, condition) {
        case (.grafana, .failing): "has lost its database, and answers 503"
        case (.grafana, .well): "has its database again"
        case (.loki, .failing), (.tempo, .failing): "stopped, and refuses connections"
        case (.loki, .well), (.tempo, .well): "runs again"
        }
    }
}
