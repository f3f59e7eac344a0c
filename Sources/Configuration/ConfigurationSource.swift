import Synchronization

/// Where a configuration comes from: it is read as often as somebody asks for it, and once more when a file with a secret
/// (a token, a password, a certificate, a key, authorities) has changed.
package final class ConfigurationSource: Sendable {
    /// The configuration as it was loaded, with the secrets of now.
    package struct Renewal: Sendable {
        package let configuration: Configuration
        /// Those that have changed.
        package let files: [String]
    }

    private typealias Contents = [String: Result<[UInt8], Files.Failure>]

    private struct State {
        /// Of all files that the configuration in force was made from.
        var inForce: Contents = [:]
        /// What was seen of the secrets when they were last found changed.
        var changed: Contents = [:]
        /// What was no configuration.
        var refused: Contents = [:]
    }

    private let flags: [Setting: String]
    private let environment: [String: String]
    private let files: Files
    private let state = Mutex(State())

    package init(
        flags: [Setting: String] = [:], environment: [String: String] = [:], files: Files = .system
    ) {
        self.flags = flags
        self.environment = environment
        self.files = files
    }

    /// Whether there is anything that `renew` could find changed.
    package var hasSecrets: Bool { state.withLock { $0.inForce.keys.contains { $0 != file } } }

    /// Reads all of it. May block.
    package func load() throws(ConfigurationError) -> Configuration {
        let read = Mutex(Contents())
        let recording = Files { [files] path in
            let contents = files.read(path)
            read.withLock { $0[path] = contents }
            return contents
        }
        let configuration = try Configuration(flags: flags, environment: environment, files: recording)
        let contents = read.withLock { $0 }
        state.withLock { $0 = State(inForce: contents) }
        return configuration
    }

    /// Reads the secrets, but not the configuration file, whose changes are for whoever asks to have it loaded. May block.
    ///
    /// What has changed is taken when it is found the same the next time: a file may be in the middle of being written, or
    /// its companion be next.
    /// - Returns: nil where nothing has changed, or is the same as what was refused last.
    package func renew() -> Result<Renewal, ConfigurationError>? {
        let former = state.withLock { $0.inForce }
        var now = former
        for path in former.keys where path != file { now[path] = files.read(path) }
        let changed = now.filter { !ConfigurationSource.isSame($0.value, former[$0.key]) }
        guard isToBeTaken(changed) else { return nil }
        let known = now
        let snapshot = Files { known[$0] ?? .failure(Files.Failure(problem: "cannot be read")) }
        do throws(ConfigurationError) {
            let configuration = try Configuration(flags: flags, environment: environment, files: snapshot)
            state.withLock { $0 = State(inForce: known) }
            return .success(Renewal(configuration: configuration, files: changed.keys.sorted()))
        } catch {
            state.withLock { $0.refused = changed }
            return .failure(error)
        }
    }

    private func isToBeTaken(_ changed: Contents) -> Bool {
        state.withLock { state in
            defer { state.changed = changed }
            return !changed.isEmpty && ConfigurationSource.isSame(changed, state.changed)
                && !ConfigurationSource.isSame(changed, state.refused)
        }
    }

    /// As it was given; nil for none.
    private var file: String? { flags[.config] ?? environment[Setting.config.variable] }

    private static func isSame(_ one: Contents, _ other: Contents) -> Bool {
        one.count == other.count && one.allSatisfy { isSame($0.value, other[$0.key]) }
    }

    private static func isSame(_ one: Result<[UInt8], Files.Failure>, _ other: Result<[UInt8], Files.Failure>?) -> Bool
    {
        switch (one, other) {
        case (.success(let one), .success(let other)?): one == other
        case (.failure(let one), .failure(let other)?): one.problem == other.problem
        default: false
        }
    }
}
