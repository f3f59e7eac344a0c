/// The source of a setting's value.
package enum Origin: Sendable, Hashable {
    case flag, environment, byDefault
    /// - Parameter place: such as `healthz.yaml:3:10`.
    case file(place: String)
}

/// A setting with its value as written.
package struct SettingValue: Sendable, Hashable {
    package let setting: Setting
    /// May contain a password; `shown` does not.
    let text: String
    package let origin: Origin
    /// In the configuration file; nil if the value is not from the file.
    let position: Position?

    init(setting: Setting, text: String, origin: Origin, position: Position? = nil) {
        self.setting = setting
        self.text = text
        self.origin = origin
        self.position = position
    }

    /// The value without credentials.
    package var shown: String {
        switch setting.row.kind {
        case .endpoint, .link: Endpoint.withoutCredentials(text)
        case .address, .file, .duration, .number, .word, .networks: text
        }
    }

    /// The name in its source, such as `--timeout`, `HEALTHZ_TIMEOUT` or `timeout`.
    package var place: String {
        switch origin {
        case .flag: setting.flag
        case .file: setting.key ?? setting.rawValue
        case .environment, .byDefault: setting.variable
        }
    }
}
