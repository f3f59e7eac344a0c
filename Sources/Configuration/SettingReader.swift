import HTTPClient
import HTTPWire
import Health
import Sockets

/// Reads settings one by one, and collects their mistakes.
final class SettingReader {
    private let sources: Sources
    private(set) var mistakes: [ConfigurationMistake] = []
    private var endpoints: [Setting: URL?] = [:]

    init(_ sources: Sources) {
        self.sources = sources
    }

    /// nil if the value is invalid.
    func read<Value>(_ setting: Setting, _ parse: (String) throws(ValueError) -> Value) -> Value? {
        let value = sources[setting]
        do {
            return try parse(value.text)
        } catch {
            refuse(value, error.problem)
            return nil
        }
    }

    /// A word or a list of networks. Each invalid part of a list is a separate mistake.
    func networks<Policy>(_ setting: Setting, _ parse: (String) throws(ValueError) -> Policy) -> Policy? {
        let value = sources[setting]
        let parts = value.text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return read(setting, parse) }
        let before = mistakes.count
        for part in parts {
            let text = String(part.drop { $0 == " " })
            do {
                _ = try Network(text)
            } catch {
                let wrong = SettingValue(setting: setting, text: text, origin: value.origin, position: value.position)
                refuse(wrong, error.problem)
            }
        }
        return mistakes.count == before ? read(setting, parse) : nil
    }

    func duration(_ setting: Setting) -> Duration {
        read(setting) { text throws(ValueError) in try setting.duration(text) } ?? .zero
    }

    func number(_ setting: Setting) -> Int {
        read(setting) { text throws(ValueError) in try setting.number(text) } ?? 1
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_ setting: Setting) -> Word? {
        read(setting) { text throws(ValueError) in try Word(word: text) }
    }

    func isOn(_ setting: Setting) -> Bool {
        read(setting) { text throws(ValueError) in try Switch(text) } == .on
    }

    /// nil if there is none.
    func link(_ setting: Setting) -> String? {
        guard !sources[setting].text.isEmpty else { return nil }
        return read(setting) { text throws(ValueError) in try Link(text).text }
    }

    func listen() -> ListenAddress {
        read(.listen) { text throws(ValueError) in try ListenAddress(text) } ?? .tcp(host: "", port: 0)
    }

    func threshold(hasInterval: Bool) -> Threshold {
        func count(_ setting: Setting) -> Int {
            read(setting) { text throws(ValueError) in
                try setting.threshold(text, hasInterval: hasInterval)
            } ?? 1
        }
        return Threshold(rise: count(.rise), fall: count(.fall))
    }

    func background(deadline: Duration) -> Configuration.Background? {
        guard !sources[.interval].text.isEmpty else {
            // stale_after has no effect here, but must still be valid.
            if !sources[.staleAfter].text.isEmpty { _ = duration(.staleAfter) }
            return nil
        }
        let interval = read(.interval) { text throws(ValueError) in try Setting.interval.duration(text) }
        guard let interval else { return nil }
        let pace = Pace(interval: interval)
        let staleAfter = staleAfter(pace, deadline) ?? max(pace.interval, deadline) * 3
        return Configuration.Background(pace: pace, staleAfter: staleAfter)
    }

    /// nil if it is missing or invalid.
    private func staleAfter(_ pace: Pace, _ deadline: Duration) -> Duration? {
        guard !sources[.staleAfter].text.isEmpty else { return nil }
        // The next check starts at most this long after the last one, and ends within the deadline.
        let least = (pace.interval + pace.jitter + deadline).wholeMilliseconds
        return read(.staleAfter) { text throws(ValueError) in
            let value = try Setting.staleAfter.duration(text)
            guard value >= least else {
                throw ValueError("is shorter than \(least.setting): the interval, 10 % of it, and the deadline")
            }
            return value
        }
    }

    func serverLimits() -> ServerLimits {
        var limits = ServerLimits()
        limits.connections = number(.maxConnections)
        limits.connectionsPerClient = number(.maxConnectionsPerClient)
        limits.requestsPerConnection = number(.maxRequestsPerConnection)
        limits.pipelinedRequests = number(.maxPipelinedRequests)
        limits.machine.head.headBytes = number(.maxHeadBytes)
        limits.machine.head.requestLineBytes = min(limits.machine.head.requestLineBytes, limits.machine.head.headBytes)
        limits.machine.head.fieldLines = number(.maxFields)
        limits.headTimeout = duration(.headTimeout)
        limits.contentTimeout = limits.headTimeout
        limits.idleTimeout = duration(.idleTimeout)
        limits.writeTimeout = duration(.writeTimeout)
        return limits
    }

    /// A path in the configuration file is relative to the file. nil if there is none.
    func path(_ setting: Setting) -> String? {
        let value = sources[setting]
        guard !value.text.isEmpty else { return nil }
        return value.position == nil ? value.text : sources.file?.path(value.text) ?? value.text
    }

    func token(_ files: Files) -> String? {
        let value = sources[.detailTokenFile]
        guard let path = path(.detailTokenFile) else { return nil }
        switch files.read(path) {
        case .failure(let failure):
            refuse(value, failure.problem)
            return nil
        case .success(let bytes):
            let token = bytes.firstLine
            guard token.utf8.count >= 16, token.isVisibleASCII else {
                refuse(value, "has no token of at least 16 characters in its first line, all of them visible ASCII")
                return nil
            }
            return token
        }
    }

    /// nil if the service is left out, or if the URL is wrong.
    func endpoint(_ setting: Setting) -> URL? {
        if let known = endpoints[setting] { return known }
        let url: URL?? = read(setting) { text throws(ValueError) in
            text.isEmpty ? nil : try Endpoint.base(text)
        }
        endpoints[setting] = .some(url ?? nil)
        return url ?? nil
    }

    func refuse(_ setting: Setting, _ problem: String) {
        refuse(sources[setting], problem)
    }

    private func refuse(_ value: SettingValue, _ problem: String) {
        mistakes.append(
            ConfigurationMistake(
                place: value.place, value: value.shown, problem: problem, origin: value.origin,
                position: value.position))
    }
}

extension Setting {
    /// For `rise` and `fall`, of the whole program or of a service.
    func threshold(_ text: String, hasInterval: Bool) throws(ValueError) -> Int {
        let number = try number(text)
        guard number == 1 || hasInterval else {
            throw ValueError(
                "needs an interval: without one, results in a row depend on how often clients ask")
        }
        return number
    }
}

extension Duration {
    /// Rounded up, so that a message shows an allowed value.
    fileprivate var wholeMilliseconds: Duration {
        let (seconds, attoseconds) = components
        return .milliseconds(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
