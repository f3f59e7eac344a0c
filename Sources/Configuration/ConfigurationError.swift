/// What is wrong with one setting: where, what it says, and what is allowed.
package struct ConfigurationMistake: Sendable, Hashable, CustomStringConvertible {
    /// The flag or variable.
    package let place: String
    /// As it was written, without credentials.
    package let value: String
    /// Such as `is not a duration (250ms, 2s, 1m)`.
    package let problem: String
    package let origin: Origin

    package var description: String { "\(place): \"\(value)\" \(problem)" }
}

/// Everything that is wrong with a configuration, not only the first thing.
package struct ConfigurationError: Error, Sendable, Hashable {
    package let mistakes: [ConfigurationMistake]
}

/// A value that is not what its setting takes: what is wrong, to be put after the value.
package struct ValueError: Error, Sendable, Hashable {
    package let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
