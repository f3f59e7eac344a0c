import Health

/// Several checks of one service. Each is read like a service that inherits the keys of the service.
extension ServiceReader {
    /// Keys that belong to the service, not to a check.
    private static let whole: [ServiceKey] = [.checks, .critical, .require, .runbook, .group]
    /// Keys of a check that replace all URLs of the service.
    private static let places: [ServiceKey] = [.url, .endpoint]

    /// nil if all checks are invalid.
    func checks(_ list: YAMLNode) -> Service? {
        let path = section.path(.checks)
        if list.isEmptyMapping { mistakes.add("is empty", at: list.position, path: path) }
        var instances: [Service.Instance] = []
        for (check, position, node) in list.mapping(path: path, mistakes) ?? [] {
            guard check.isServiceName else {
                mistakes.add(
                    "is not a valid name; names have the same form as those of services", at: position, path: path,
                    value: check)
                continue
            }
            guard let service = read(check, node, path) else { continue }
            instances += service.instances.map { instance in
                Service.Instance(
                    name: service.isGroup ? "\(check) \(instance.name)" : check, target: instance.target,
                    place: service.isGroup ? instance.name : name, isCritical: service.isCritical)
            }
        }
        guard !instances.isEmpty else { return nil }
        let count = Set(instances.map(\.place)).count
        return Service(
            name: name, instances: instances, required: min(required(section[.instances] != nil), count),
            isCritical: flag(.critical) ?? true
        ).with(ServiceNotesReader(section).read())
    }

    private func read(_ check: String, _ node: YAMLNode, _ path: String) -> Service? {
        guard let own = node.mapping(path: "\(path).\(check)", mistakes) else { return nil }
        let refused: [ServiceKey] = [.checks, .require, .instances, .runbook, .group]
        for (name, position, _) in own where refused.map(\.rawValue).contains(name) {
            mistakes.add("is a key of the service, not of a check", at: position, path: "\(path).\(check).\(name)")
        }
        guard case .mapping(let ownEntries) = node.content, case .mapping(let inherited) = self.node.content else {
            return nil
        }
        let names = Set(own.map(\.name))
        let isElsewhere = ServiceReader.places.contains { names.contains($0.rawValue) }
        let left = inherited.filter { entry in
            guard let name = entry.key.plainText, let key = ServiceKey(rawValue: name) else { return false }
            if ServiceReader.whole.contains(key) || names.contains(name) { return false }
            return !(isElsewhere && (ServiceReader.places + [.instances]).contains(key))
        }
        let merged = YAMLNode(
            .mapping(
                ownEntries.filter { entry in
                    entry.key.plainText.map { !refused.map(\.rawValue).contains($0) } ?? true
                } + left), at: node.position)
        return ServiceReader("\(name).checks.\(check)", merged, file, defaults)?.read()
    }
}
