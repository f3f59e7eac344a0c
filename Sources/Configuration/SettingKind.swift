/// The values that a setting takes.
package enum SettingKind: Sendable {
    /// Where to listen: see `Listen`.
    case address
    /// A base URL. Empty, it leaves the service out.
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

    /// An empty endpoint means "not this service". Other settings take an empty variable as not set, because compose sets
    /// it so for a variable without a value.
    var emptyIsAValue: Bool {
        if case .endpoint = self { true } else { false }
    }

    /// Whether the configuration file may give a list of networks.
    var takesNetworks: Bool {
        if case .networks = self { true } else { false }
    }

    /// The allowed durations; for another kind only zero, so that reading it as a duration fails at its default.
    package var durations: ClosedRange<Duration> {
        if case .duration(let allowed) = self { allowed } else { .zero ... .zero }
    }

    /// The allowed numbers; for another kind only zero.
    package var numbers: ClosedRange<Int> {
        if case .number(let allowed) = self { allowed } else { 0...0 }
    }
}
