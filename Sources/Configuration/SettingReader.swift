import HTTPClient
import HTTPWire
import Health
import Sockets

/// Reads settings one by one and keeps what is wrong with them.
final class SettingReader {
    private let sources: Sources
    private(set) var mistakes: [ConfigurationMistake] = []
    private var endpoints: [Setting: URL?] = [:]

    init(_ sources: Sources) {
        self.sources = sources
    }

    /// nil where the value is wrong.
    func read<Value>(_ setting: Setting, _ parse: (String) throws(ValueError) -> Value) -> Value? {
        let value = sources[setting]
        do {
            return try parse(value.text)
        } catch {
            refuse(value, error.problem)
            return nil
        }
    }

    func duration(_ setting: Setting, within allowed: ClosedRange<Duration>) -> Duration {
        read(setting) { text throws(ValueError) in try Duration(setting: text, within: allowed) } ?? .zero
    }

    func listen() -> ListenAddress {
        read(.listen) { text throws(ValueError) in try ListenAddress(text) } ?? .tcp(host: "", port: 0)
    }

    func threshold(hasInterval: Bool) -> Threshold {
        func count(_ setting: Setting) -> Int {
            read(setting) { text throws(ValueError) in
                try Limits.threshold(text, hasInterval: hasInterval)
            } ?? 1
        }
        return Threshold(rise: count(.rise), fall: count(.fall))
    }

    func background(deadline: Duration) -> Configuration.Background? {
        guard !sources[.interval].text.isEmpty else {
            // Without effect, but not without sense.
            if !sources[.staleAfter].text.isEmpty { _ = duration(.staleAfter, within: .zero ... .seconds(86400)) }
            return nil
        }
        let interval = read(.interval) { text throws(ValueError) in
            try Duration(setting: text, within: .milliseconds(100) ... .seconds(3600))
        }
        guard let interval else { return nil }
        let pace = Pace(interval: interval)
        // The next check begins this long after the last one at the latest, and ends within the deadline.
        let least = (pace.interval + pace.jitter + deadline).wholeMilliseconds
        let given =
            sources[.staleAfter].text.isEmpty
            ? nil
            : read(.staleAfter) { text throws(ValueError) in
                let value = try Duration(setting: text, within: .zero ... .seconds(86400))
                guard value >= least else {
                    throw ValueError("is shorter than \(least.setting): the interval, 10 % of it, and the deadline")
                }
                return value
            }
        let staleAfter = given ?? max(pace.interval, deadline) * 3
        return Configuration.Background(pace: pace, staleAfter: staleAfter)
    }

    func serverLimits() -> ServerLimits {
        func count(_ setting: Setting, _ allowed: ClosedRange<Int>) -> Int {
            read(setting) { text throws(ValueError) in
                try Int(setting: text, within: allowed)
            } ?? allowed.lowerBound
        }
        func time(_ setting: Setting) -> Duration { duration(setting, within: .milliseconds(100) ... .seconds(3600)) }
        var limits = ServerLimits()
        limits.connections = count(.maxConnections, 1...1_000_000)
        limits.connectionsPerClient = count(.maxConnectionsPerClient, 1...1_000_000)
        limits.requestsPerConnection = count(.maxRequestsPerConnection, 1...100_000_000)
        limits.pipelinedRequests = count(.maxPipelinedRequests, 1...10_000)
        // A place in a head is kept in 16 bits.
        limits.machine.head.headBytes = count(.maxHeadBytes, 1024...65_000)
        limits.machine.head.requestLineBytes = min(limits.machine.head.requestLineBytes, limits.machine.head.headBytes)
        limits.machine.head.fieldLines = count(.maxFields, 1...1000)
        limits.headTimeout = time(.headTimeout)
        limits.contentTimeout = limits.headTimeout
        limits.idleTimeout = time(.idleTimeout)
        limits.writeTimeout = time(.writeTimeout)
        return limits
    }

    func token(_ files: Files) -> String? {
        let value = sources[.detailTokenFile]
        guard !value.text.isEmpty else { return nil }
        let isInFile = value.position != nil
        switch files.read(isInFile ? sources.file?.path(value.text) ?? value.text : value.text) {
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

    /// nil where the service is switched off, or its URL is a mistake.
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

extension Duration {
    /// Rounded up, so that a limit which is shown is not itself beyond the limit.
    fileprivate var wholeMilliseconds: Duration {
        let (seconds, attoseconds) = components
        return .milliseconds(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
