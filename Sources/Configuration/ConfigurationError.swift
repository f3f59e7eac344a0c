import Health

/// What is wrong in one place: where, what it says, and what is allowed.
package struct ConfigurationMistake: Sendable, Hashable, CustomStringConvertible {
    /// The flag, the variable, or the path in the configuration file, such as `services.loki.accept`. Empty where it
    /// is the file as a whole.
    package let place: String
    /// As it was written, without credentials; nil where it is not the value that is wrong.
    package let value: String?
    /// Such as `is not a duration (250ms, 2s, 1m)`.
    package let problem: String
    package let origin: Origin
    /// In the file.
    private(set) var position: Position?

    package var description: String {
        var parts: [String] = []
        if case .file(let file) = origin { parts.append(file) }
        if !place.isEmpty { parts.append(place) }
        parts.append((value.map { "\"\($0)\" " } ?? "") + problem)
        return Printable.escape(parts.joined(separator: ": "), limit: 1000)
    }
}

/// Everything that is wrong with a configuration, not only the first thing.
package struct ConfigurationError: Error, Sendable, Hashable {
    package let mistakes: [ConfigurationMistake]
    /// What may explain them, such as the misspelt name of a variable.
    package let warnings: [String]

    package init(mistakes: [ConfigurationMistake], warnings: [String] = []) {
        self.mistakes = mistakes
        self.warnings = warnings
    }
}

/// A value that is not what its setting takes: what is wrong, to be put after the value.
package struct ValueError: Error, Sendable, Hashable {
    package let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
