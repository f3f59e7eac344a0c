import Sockets

/// The settings as found, before they are interpreted.
struct Sources {
    let values: [SettingValue]
    /// nil if there is no file.
    let file: ConfigurationFile?
    /// The services in the file; nil if it has none.
    let services: YAMLNode?
    /// The `discovery` section of the file; nil if there is none.
    let discovery: YAMLNode?
    let environment: [String: String]
    /// Settings in the file whose value cannot be read, which is reported already.
    private let unreadable: Set<Setting>

    init(_ flags: [Setting: String], _ environment: [String: String], _ files: Files) {
        let place = Sources.find(.config, flags, environment, [:])
        let file = place.text.isEmpty ? nil : ConfigurationFile(place.text, environment: environment, files: files)
        var nodes: [Setting: SettingValue] = [:]
        var services: YAMLNode?
        var unreadable: Set<Setting> = []
        if let file, let root = file.root {
            (nodes, unreadable, services) = Sources.settings(of: root, file)
        }
        self.unreadable = unreadable
        values = Setting.allCases.map { Sources.find($0, flags, environment, nodes) }
        self.file = file
        self.services = services
        discovery = file?.root?.entry("discovery")
        self.environment = environment
    }

    subscript(setting: Setting) -> SettingValue {
        values.first { $0.setting == setting }
            ?? SettingValue(setting: setting, text: setting.row.defaultValue, origin: .byDefault)
    }

    /// Whether it has a value, valid or not.
    func isGiven(_ setting: Setting) -> Bool {
        !self[setting].text.isEmpty || unreadable.contains(setting)
    }

    var mistakes: [ConfigurationMistake] { file?.mistakes.all ?? [] }

    private static func find(
        _ setting: Setting, _ flags: [Setting: String], _ environment: [String: String],
        _ file: [Setting: SettingValue]
    ) -> SettingValue {
        if let text = flags[setting] { return SettingValue(setting: setting, text: text, origin: .flag) }
        if let text = environment[setting.variable], !text.isEmpty || setting.row.kind.emptyIsAValue {
            return SettingValue(setting: setting, text: text, origin: .environment)
        }
        return file[setting] ?? SettingValue(setting: setting, text: setting.row.defaultValue, origin: .byDefault)
    }

    private static func settings(
        of root: YAMLNode, _ file: ConfigurationFile
    ) -> ([Setting: SettingValue], unreadable: Set<Setting>, services: YAMLNode?) {
        var found: [Setting: SettingValue] = [:]
        var unreadable: Set<Setting> = []
        var services: YAMLNode?
        let settings = Dictionary(
            uniqueKeysWithValues: Setting.allCases.compactMap { setting in setting.key.map { ($0, setting) } })
        for (name, position, node) in root.mapping(path: "", file.mistakes) ?? [] {
            if name == "services" {
                services = node
            } else if name == "discovery" {
                // Read when the services are known.
                continue
            } else if let setting = settings[name] {
                found[setting] = value(of: setting, name, node, file)
                if found[setting] == nil { unreadable.insert(setting) }
            } else if !name.hasPrefix("x-") {
                // As in compose, keys that begin with x- are ignored: they have room for anchors.
                let known = Setting.allCases.compactMap(\.key) + ["discovery", "services"]
                file.mistakes.refuse(key: name, at: position, path: "", known: known)
            }
        }
        return (found, unreadable, services)
    }

    private static func value(
        of setting: Setting, _ name: String, _ node: YAMLNode, _ file: ConfigurationFile
    ) -> SettingValue? {
        func value(_ text: String, _ position: Position) -> SettingValue {
            SettingValue(
                setting: setting, text: text, origin: .file(place: file.place(position)), position: position)
        }
        guard setting.row.kind.takesNetworks, case .sequence(let nodes) = node.content else {
            guard let text = node.text(path: name, file.mistakes) else { return nil }
            guard !text.isEmpty else {
                file.mistakes.add("is empty", at: node.position, path: name)
                return nil
            }
            return value(text, node.position)
        }
        // Each network is read here, where its position is known.
        if nodes.isEmpty { file.mistakes.add("is empty", at: node.position, path: name) }
        let networks = nodes.enumerated().compactMap { index, node in
            node.value(path: "\(name)[\(index)]", file.mistakes) { text throws(ValueError) in
                _ = try Network(text)
                return text
            }
        }
        return networks.isEmpty ? nil : value(networks.joined(separator: ","), node.position)
    }
}
