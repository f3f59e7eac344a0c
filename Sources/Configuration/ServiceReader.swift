import HTTPClient
import Health
import Sockets

/// Reads one service of the configuration file, and collects its mistakes.
struct ServiceReader {
    /// Values for services without their own.
    struct Defaults {
        let timeout: Duration
        let threshold: Threshold
        /// Without an interval, `rise` and `fall` have no effect.
        let hasInterval: Bool
        let reusesConnections: Bool
        /// The interval of all checks; zero for checks on demand.
        let interval: Duration
        /// The base URL of a setting; nil if it is empty or invalid.
        let endpoint: (Setting) -> URL?
    }

    let name: String
    let node: YAMLNode
    let section: Section<ServiceKey>
    let file: ConfigurationFile
    let defaults: Defaults
    let mistakes: Mistakes

    /// nil if the node is not a mapping.
    init?(_ name: String, _ node: YAMLNode, _ file: ConfigurationFile, _ defaults: Defaults) {
        guard let section = Section<ServiceKey>(node, path: "services.\(name)", file.mistakes) else { return nil }
        self.name = name
        self.node = node
        self.section = section
        self.file = file
        self.defaults = defaults
        mistakes = file.mistakes
    }

    /// nil if no target is valid; the mistakes have been collected.
    func read() -> Service? {
        if let node = section[.checks] { return checks(node) }
        let preset = section.value(.preset) { text throws(ValueError) in try ServicePreset(word: text) }
        let places = places(preset)
        checkIPVersion(places)
        let isTCP = preset?.isTCP == true || places.contains { $0.url.scheme == .tcp }
        if isTCP { refuseWhatIsHTTPOnly() }
        let request = isTCP ? nil : RequestReader(section, file, to: places.map(\.url)).read(preset)
        let expectation = request.map {
            ExpectationReader(section, file).read(preset, $0.method).with(container(preset))
        }
        let timeout =
            section.value(.timeout) { text throws(ValueError) in try Setting.timeout.duration(text) }
            ?? defaults.timeout
        let slow = slow(timeout)
        let interval = interval()
        let threshold = threshold()
        let isGroup = section[.instances] != nil
        let required = min(required(isGroup), max(1, places.count))
        let isCritical = flag(.critical) ?? true

        func probe(_ url: URL) -> Probe {
            if let probe = preset?.probe { return probe(url) }
            guard let request, let expectation else { return .connect(url) }
            return .http(request.to(url, reusesConnection: defaults.reusesConnections), expectation)
        }
        func target(_ place: Place) -> Target {
            Target(
                id: isGroup ? "\(name) \(place.name)" : name, probe: probe(place.url), timeout: timeout,
                threshold: threshold, slow: slow, interval: interval)
        }
        let notes = ServiceNotesReader(section).read()
        guard let first = places.first else { return nil }
        guard isGroup else { return Service(name: name, target: target(first), isCritical: isCritical).with(notes) }
        let instances = places.map { Service.Instance(name: $0.name, target: target($0)) }
        return Service(name: name, instances: instances, required: required, isCritical: isCritical).with(notes)
    }

    // MARK: URLs

    private struct Place {
        let name: String
        let url: URL
    }

    private func places(_ preset: ServicePreset?) -> [Place] {
        let given = [ServiceKey.url, .endpoint, .instances].filter { section[$0] != nil }
        if given.count > 1 {
            let names = given.map(\.rawValue).joined(separator: " and ")
            mistakes.add("has \(names); use only one", at: section.position, path: section.path)
        }
        if let node = section[.url] {
            return [place(node, path: section.path(.url), base: nil, preset)].compactMap(\.self)
        }
        if let node = section[.endpoint] {
            guard let preset else {
                if section[.preset] == nil {
                    mistakes.add(
                        "needs a preset for the path; without one, use url", at: node.position,
                        path: section.path(.endpoint))
                }
                return []
            }
            return [place(node, path: section.path(.endpoint), base: preset, preset)].compactMap(\.self)
        }
        if let node = section[.instances] { return instances(node, preset) }
        return standard(preset)
    }

    /// The base URL of the preset's setting, such as `LOKI_ENDPOINT`, or Docker's socket.
    private func standard(_ preset: ServicePreset?) -> [Place] {
        if preset == .dockerContainer {
            let socket = section[.unixSocket]?.plainText ?? "/var/run/docker.sock"
            let url = URL(scheme: .http, host: "docker", target: path(.dockerContainer), socketPath: socket)
            return [Place(name: name, url: url)]
        }
        if let preset, let setting = preset.endpoint {
            // An invalid setting is reported elsewhere.
            guard let url = defaults.endpoint(setting) else { return [] }
            return [Place(name: name, url: reached(url.appending(path: path(preset))))]
        }
        if section[.preset] == nil || preset != nil {
            mistakes.add("has no url, endpoint or instances", at: section.position, path: section.path)
        }
        return []
    }

    private func instances(_ node: YAMLNode, _ preset: ServicePreset?) -> [Place] {
        guard case .sequence(let nodes) = node.content else {
            mistakes.add("is \(node.kind), not a list of URLs", at: node.position, path: section.path(.instances))
            return []
        }
        if nodes.isEmpty { mistakes.add("is empty", at: node.position, path: section.path(.instances)) }
        var places: [Place] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(section.path(.instances))[\(index)]"
            guard let place = place(node, path: path, base: preset, preset) else { continue }
            if places.contains(where: { $0.name == place.name }) {
                mistakes.add("is a duplicate", at: node.position, path: path, value: place.name)
            } else if let first = places.first, (first.url.scheme == .tcp) != (place.url.scheme == .tcp) {
                mistakes.add(
                    "is not of the same kind (HTTP or TCP) as the first instance", at: node.position, path: path,
                    value: place.name)
            } else {
                places.append(place)
            }
        }
        return places
    }

    /// - Parameter base: the preset whose path is appended; nil for a complete URL.
    private func place(_ node: YAMLNode, path: String, base: ServicePreset?, _ preset: ServicePreset?) -> Place? {
        node.value(path: path, mistakes, shown: Endpoint.withoutCredentials) { text throws(ValueError) in
            guard let base, !base.isTCP else {
                let isTCP = preset?.isTCP == true
                let url = try Endpoint.full(text, usual: isTCP ? .tcp : .http)
                if isTCP, url.scheme != .tcp { throw ValueError("does not begin with tcp://") }
                if let preset, !isTCP, url.scheme == .tcp {
                    throw ValueError("is a TCP check, which preset \(preset.rawValue) cannot judge")
                }
                return Place(name: Endpoint.name(of: text), url: reached(url))
            }
            let url = try Endpoint.base(text)
            return Place(name: Endpoint.name(of: text), url: reached(url.appending(path: self.path(base))))
        }
    }

    /// Targets by a socket or by certain addresses only.
    private func reached(_ url: URL) -> URL {
        let url = url.with(section[.ipVersion]?.plainText.flatMap(URL.IPVersion.init(rawValue:)))
        guard let node = section[.unixSocket], let path = try? ListenAddress.socketPath(node.plainText ?? "") else {
            return url
        }
        return url.with(credentials: url.credentials, socketPath: path)
    }

    /// The number of listed instances. Invalid ones count too, as they are reported elsewhere.
    func required(_ isGroup: Bool) -> Int {
        var count = 1
        if case .sequence(let nodes) = section[.instances]?.content { count = nodes.count }
        guard let node = section[.require] else { return count }
        guard isGroup else {
            mistakes.add("needs instances", at: node.position, path: section.path(.require))
            return 1
        }
        // An invalid or empty list is reported elsewhere.
        guard case .sequence = section[.instances]?.content, count > 0 else { return 1 }
        return section.value(.require) { text throws(ValueError) in
            switch text {
            case "any": return 1
            case "all": return count
            default:
                guard let number = Int(digits: text), (1...count).contains(number) else {
                    throw ValueError("is not any, all, or a number from 1 to \(count)")
                }
                return number
            }
        } ?? count
    }

    private func refuseWhatIsHTTPOnly() {
        let keys: [ServiceKey] = [
            .container, .dockerDown, .accept, .body, .metrics, .degraded, .responseHeaders, .maxBody, .ringAddress,
            .method, .headers,
            .requestBody, .basicAuth, .bearerToken,
            .bearerTokenFile, .tls,
            .unixSocket, .certificateExpiresWithin,
        ]
        for key in keys {
            guard let node = section[key] else { continue }
            mistakes.add(
                "has no effect for a TCP check", at: node.position, path: section.path(key))
        }
    }

    private func threshold() -> Threshold {
        func count(_ key: ServiceKey, _ setting: Setting) -> Int? {
            section.value(key) { text throws(ValueError) in
                try setting.threshold(text, hasInterval: defaults.hasInterval)
            }
        }
        return Threshold(
            rise: count(.rise, .rise) ?? defaults.threshold.rise, fall: count(.fall, .fall) ?? defaults.threshold.fall)
    }

    /// Reads the keys that belong to the URLs.
    private func checkIPVersion(_ places: [Place]) {
        _ = section.value(.ipVersion) { text throws(ValueError) in
            let version = try URL.IPVersion(word: text)
            if section[.unixSocket] != nil { throw ValueError("has no effect together with unix_socket") }
            let others = places.map(\.url.host).filter { host in
                host.contains(":") ? version == .four : version == .six && Endpoint.isIPv4(host)
            }
            if let other = others.first { throw ValueError("is not the IP version of the address \(other)") }
            return version
        }
    }

    /// Checks run at the global interval, so a service can only be probed less often.
    private func interval() -> Duration? {
        section.value(.interval) { text throws(ValueError) in
            let interval = try Duration(setting: text, within: .milliseconds(100) ... .seconds(86_400))
            guard interval >= defaults.interval else {
                throw ValueError("is shorter than the interval of all checks, \(defaults.interval.setting)")
            }
            return interval
        }
    }

    private func slow(_ timeout: Duration) -> Duration? {
        section.value(.slow) { text throws(ValueError) in
            let slow = try Setting.timeout.duration(text)
            guard slow < timeout else { throw ValueError("is not shorter than the timeout of \(timeout.setting)") }
            return slow
        }
    }

    func flag(_ key: ServiceKey) -> Bool? {
        section.value(key) { text throws(ValueError) in try Bool(yaml: text) }
    }
}

extension YAMLNode {
    var plainText: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }
}
