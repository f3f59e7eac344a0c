import Discovery
import HTTPClient
import Health
import Sockets

/// Reads `discovery.consul`.
struct ConsulReader {
    private static let day = Duration.seconds(86_400)

    private let section: Section<ConsulKey>
    private let file: ConfigurationFile
    private let mistakes: Mistakes
    private let environment: Environment

    /// nil if the node is not a mapping.
    init?(_ node: YAMLNode, _ path: String, _ file: ConfigurationFile, _ environment: Environment) {
        guard let section = Section<ConsulKey>(node, path: path, file.mistakes) else { return nil }
        (self.section, self.file, self.environment) = (section, file, environment)
        mistakes = file.mistakes
    }

    func read(
        for services: [Service], _ background: Configuration.Background?, deadline: Duration
    ) -> ConsulSettings? {
        let address = text(.address)
        let tokenFile = text(.tokenFile).map { file.path($0) }
        let agent: ConsulAgent
        do throws(ConsulMistake) {
            agent = try ConsulAgent(address: address, tokenFile: tokenFile, environment)
        } catch {
            let key: ConsulKey? = section[.address] == nil ? nil : .address
            refuse("\(error)", key)
            return nil
        }
        let tls = tls(agent.tls)
        let checkPace = (interval: max(.seconds(1), background?.pace.interval ?? .zero), limit: deadline + .seconds(1))
        let drafts = drafts(for: services)
        let entries = drafts.compactMap { draft in entry(draft, checkPace) }
        return entries.isEmpty || entries.count < drafts.count ? nil : ConsulSettings(agent, tls, entries)
    }

    // MARK: Services

    /// A service before its validation, with its place in the file.
    private struct Draft {
        var parts: ConsulService.Parts
        /// The service whose verdict is registered; nil for the node's verdict.
        var source: String?
        var url: YAMLNode?
        /// Whether the URL is the node's own: then the name of the service is appended.
        var urlIsCommon: Bool
        let position: Position
        let path: String
    }

    /// An entry of the list of services.
    private struct Entry {
        let name: String
        /// nil if the entry has a name only.
        let keys: Section<ConsulServiceKey>?
        let position: Position
        let path: String
    }

    private func drafts(for services: [Service]) -> [Draft] {
        var common = ConsulService.Parts()
        common.address = text(.serviceAddress)
        common.port = section.value(.port) { text throws(ValueError) in try Int(setting: text, within: 1...65_535) }
        common.tags = section[.tags]?.list(path: section.path(.tags), mistakes) ?? []
        common.meta = section[.meta]?.texts(path: section.path(.meta), mistakes) ?? [:]
        let after = section.value(.deregisterAfter) { text throws(ValueError) in
            let time = try Duration(setting: text, within: .zero...ConsulReader.day * 30)
            guard time == .zero || time >= .seconds(60) else { throw ValueError("is neither 0 nor at least 1m") }
            return time
        }
        if let after { common.deregisterAfter = after == .zero ? nil : after }
        if let node = section[.services] {
            for key in [ConsulKey.service, .serviceID] where section[key] != nil {
                refuse("conflicts with services; use only one", key)
            }
            return several(node, common, services)
        }
        guard let name = text(.service) else {
            mistakes.add("has neither service nor services", at: section.position, path: section.path)
            return []
        }
        common.name = name
        common.id = text(.serviceID) ?? "\(name)-\(ConsulReader.hostName)"
        return [
            Draft(
                parts: common, source: nil, url: section[.url], urlIsCommon: false,
                position: section[.service]?.position ?? section.position, path: section.path(.service))
        ]
    }

    private func several(_ node: YAMLNode, _ common: ConsulService.Parts, _ services: [Service]) -> [Draft] {
        let path = section.path(.services)
        let entries = node.mapping(path: path, mistakes) ?? []
        if node.isEmptyMapping { mistakes.add("names no service", at: node.position, path: path) }
        return entries.compactMap { name, position, node in
            let path = "\(path).\(name)"
            let keys = node.isNull ? nil : Section<ConsulServiceKey>(node, path: path, mistakes)
            guard node.isNull || keys != nil else { return nil }
            return draft(Entry(name: name, keys: keys, position: position, path: path), common, services)
        }
    }

    private func draft(_ entry: Entry, _ common: ConsulService.Parts, _ services: [Service]) -> Draft? {
        let (name, keys) = (entry.name, entry.keys)
        func text(_ key: ConsulServiceKey) -> String? {
            keys.flatMap { $0.text(key) }
        }
        var parts = common
        parts.name = name
        parts.id = text(.serviceID) ?? "\(name)-\(ConsulReader.hostName)"
        if let address = text(.serviceAddress) { parts.address = address }
        if let keys {
            let port = keys.value(.port) { text throws(ValueError) in
                try Int(setting: text, within: 1...65_535)
            }
            parts.port = port ?? parts.port
            if let node = keys[.tags] { parts.tags = node.list(path: keys.path(.tags), mistakes) }
            if let node = keys[.meta] {
                parts.meta.merge(node.texts(path: keys.path(.meta), mistakes)) { $1 }
            }
        }
        let source = text(.verdict) ?? name
        guard source == "node" || services.contains(where: { $0.name == source }) else {
            let known = services.map(\.name).joined(separator: ", ")
            let position = keys?[.verdict]?.position ?? entry.position
            mistakes.add(
                "has the verdict of \(source), which is not a service; verdict can be node, \(known)",
                at: position, path: entry.path)
            return nil
        }
        return Draft(
            parts: parts, source: source == "node" ? nil : source, url: keys?[.url] ?? section[.url],
            urlIsCommon: keys?[.url] == nil, position: entry.position, path: entry.path)
    }

    private func entry(_ draft: Draft, _ pace: (interval: Duration, limit: Duration)) -> ConsulSettings.Entry? {
        var parts = draft.parts
        guard let check = check(draft, pace) else { return nil }
        parts.check = check
        let service: ConsulService
        do throws(ConsulMistake) {
            service = try ConsulService(parts)
        } catch {
            mistakes.add("\(error)", at: draft.position, path: draft.path)
            return nil
        }
        var settings = ConsulRegistrar.Settings(service)
        let register: RegisterWord? = section.word(.register)
        settings.start = register == .start ? .atOnce : .whenHealthy
        let degraded: DegradedWord? = section.word(.degraded)
        settings.degraded = degraded == .passing ? .passing : .warning
        let onDrain: ConsulDrainWord? = section.word(.onDrain)
        switch onDrain {
        case .critical?: settings.leaving = .critical
        case .keep?: settings.leaving = .keep
        case .deregister?, nil: settings.leaving = .deregister
        }
        return ConsulSettings.Entry(settings, source: draft.source)
    }

    private func check(_ draft: Draft, _ pace: (interval: Duration, limit: Duration)) -> ConsulService.Check? {
        let kind: ConsulCheckWord? = section.word(.check)
        let ttl = section.value(.ttl) { text throws(ValueError) in
            try Duration(setting: text, within: .seconds(1)...ConsulReader.day)
        }
        guard kind == .http else {
            if let node = draft.url {
                mistakes.add("has no effect without check: http", at: node.position, path: section.path(.url))
            }
            return section[.check] != nil && kind == nil ? nil : .ttl(ttl ?? .seconds(30))
        }
        if section[.ttl] != nil { refuse("has no effect with check: http", .ttl) }
        guard let node = draft.url else {
            mistakes.add(
                "needs url, where the agent reaches healthz, such as http://127.0.0.1:8080/healthz",
                at: section[.check]?.position ?? section.position, path: section.path(.check))
            return nil
        }
        let url = node.value(path: section.path(.url), mistakes, shown: Endpoint.withoutCredentials) {
            text throws(ValueError) in
            let url = try Endpoint.full(text)
            guard url.scheme != .tcp, url.credentials == nil else {
                throw ValueError("is not http or https, or has credentials")
            }
            return url
        }
        guard let url else { return nil }
        let joined = draft.urlIsCommon ? draft.source.map { url.appending(path: "/\($0)") } : nil
        return .http(joined ?? url, interval: pace.interval, timeout: pace.limit)
    }

    // MARK: TLS

    /// Reads the files that the variables name.
    private func tls(_ paths: ConsulAgent.TLS) -> Request.TLS {
        var tls = Request.TLS()
        func pem(_ path: String?, _ name: String) -> [UInt8]? {
            guard let path else { return nil }
            switch file.files.read(path) {
            case .success(let bytes): return bytes
            case .failure(let failure):
                refuse("\(name): \(path) \(failure.problem)", nil)
                return nil
            }
        }
        tls.authorities = pem(paths.authorities, "CONSUL_CACERT")
        tls.certificate = pem(paths.certificate, "CONSUL_CLIENT_CERT")
        tls.key = pem(paths.key, "CONSUL_CLIENT_KEY")
        (tls.serverName, tls.isVerified) = (paths.serverName, paths.isVerified)
        if paths.authoritiesFolder != nil {
            refuse(
                "CONSUL_CAPATH is not supported; put the certificates in one file, and name it in CONSUL_CACERT", nil)
        }
        return tls
    }

    // MARK: Values

    private static let hostName = HostName.own ?? "node"

    private func refuse(_ problem: String, _ key: ConsulKey?) {
        mistakes.add(
            problem, at: key.flatMap { section[$0]?.position } ?? section.position,
            path: key.map { section.path($0) } ?? section.path)
    }

    /// nil if the text is missing or empty.
    private func text(_ key: ConsulKey) -> String? {
        section.text(key).flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension YAMLNode {
    /// A list of texts. A single text counts as a list of one.
    fileprivate func list(path: String, _ mistakes: Mistakes) -> [String] {
        elements.enumerated().compactMap { index, node in
            let text = node.text(path: "\(path)[\(index)]", mistakes)
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
    }
}
