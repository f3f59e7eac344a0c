import Health

/// A mistake in the configuration: its place, the value, and what is allowed.
package struct ConfigurationMistake: Sendable, Hashable, CustomStringConvertible {
    /// The flag, the variable, or the path in the configuration file, such as `services.loki.accept`. Empty for the
    /// file as a whole.
    package let place: String
    /// As it was written, without credentials; nil if the mistake is not in a value.
    package let value: String?
    /// A phrase that follows the value, such as `is not a duration (250ms, 2s, 1m)`.
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

/// All mistakes of a configuration, not only the first.
package struct ConfigurationError: Error, Sendable, Hashable {
    package let mistakes: [ConfigurationMistake]
    /// Warnings that may explain the mistakes, such as a misspelt name of a variable.
    package let warnings: [String]

    package init(mistakes: [ConfigurationMistake], warnings: [String] = []) {
        self.mistakes = mistakes
        self.warnings = warnings
    }
}

/// The mistake in a value, as a phrase that follows the value.
package struct ValueError: Error, Sendable, Hashable {
    package let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
