/// The allowed values of a setting.
package enum SettingKind: Sendable {
    /// A listen address: see `ListenAddress`.
    case address
    /// A base URL. An empty value leaves the service out.
    case endpoint
    /// The address of a page for people.
    case link
    /// A path; the extensions are those that a shell offers, all if there are none.
    case file([String])
    case duration(ClosedRange<Duration>)
    case number(ClosedRange<Int>)
    /// One of a few words.
    case word([String], String)
    /// One of a few words, or networks.
    case networks(or: [String], String)

    static let `switch` = SettingKind.word(Switch.words, "switch")

    /// The name of the value in `--help`, as in `--timeout <duration>`.
    package var valueName: String {
        switch self {
        case .address: "address"
        case .endpoint, .link: "url"
        case .file: "file"
        case .duration: "duration"
        case .number: "number"
        case .word(_, let name), .networks(_, let name): name
        }
    }

    /// An empty endpoint means "without this service". For other settings, an empty variable counts as not set,
    /// because compose sets a variable without a value to an empty one.
    var emptyIsAValue: Bool {
        if case .endpoint = self { true } else { false }
    }

    /// Whether the configuration file may give a list of networks.
    var takesNetworks: Bool {
        if case .networks = self { true } else { false }
    }

    /// The allowed durations. For other kinds it is zero, so a default read as a duration by mistake fails.
    package var durations: ClosedRange<Duration> {
        if case .duration(let allowed) = self { allowed } else { .zero ... .zero }
    }

    /// The allowed numbers; zero for other kinds.
    package var numbers: ClosedRange<Int> {
        if case .number(let allowed) = self { allowed } else { 0...0 }
    }
}
