package import Health
import Synchronization
package import Time

/// Where a configuration comes from: it is read as often as somebody asks for it, and once more when a file with a secret
/// (a token, a password, a certificate, a key, authorities) has changed.
package final class ConfigurationSource: Sendable {
    /// The configuration as it was loaded, with the secrets of now.
    package struct Renewal: Sendable {
        /// nil if no new content is in force: all of it is refused, or a refused file has its former content again.
        package let configuration: Configuration?
        /// Those that have changed and are in force.
        package let files: [String]
        /// What is wrong with others.
        package let refusal: ConfigurationError?
    }

    private typealias Contents = [String: Result<[UInt8], Files.Failure>]

    private struct State {
        /// Of all files that the configuration in force was made from.
        var inForce: Contents = [:]
        /// By file, since when it has had that content.
        var since: [String: Timestamp] = [:]
        /// What was seen of the secrets when they were last found changed.
        var changed: Contents = [:]
        /// What was no configuration.
        var refused: Contents = [:]

        init() {}

        /// The successor of `former`, with other contents of these files.
        init(inForce: Contents, after former: State, at now: Timestamp) {
            self.inForce = inForce
            for (path, content) in inForce {
                let isFormer = ConfigurationSource.isSame(content, former.inForce[path])
                since[path] = isFormer ? former.since[path] : now
            }
        }
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

    /// The files that `renew` reads, in the order of their names.
    package var secrets: [SecretFile] {
        state.withLock { state in
            state.since.filter { $0.key != file }.sorted { $0.key < $1.key }.map { path, since in
                SecretFile(path: path, since: since, isRefused: state.refused[path] != nil)
            }
        }
    }

    /// Reads all of it. May block.
    package func load(at now: Timestamp = Moment.now.timestamp) throws(ConfigurationError) -> Configuration {
        let read = Mutex(Contents())
        let recording = Files { [files] path in
            let contents = files.read(path)
            read.withLock { $0[path] = contents }
            return contents
        }
        let configuration = try Configuration(flags: flags, environment: environment, files: recording)
        let contents = read.withLock { $0 }
        state.withLock { $0 = State(inForce: contents, after: $0, at: now) }
        return configuration
    }

    /// Reads the secrets, but not the configuration file, whose changes are for whoever asks to have it loaded. May block.
    ///
    /// What has changed is taken when it is found the same the next time: a file may be in the middle of being written, or
    /// its companion be next. A file that is not valid does not keep others from being taken.
    /// - Returns: nil if nothing has changed, or it is the same as what was refused last.
    package func renew(at now: Timestamp = Moment.now.timestamp) -> Renewal? {
        let former = state.withLock { $0.inForce }
        let changed = former.keys.filter { $0 != file }.reduce(into: Contents()) { changed, path in
            let content = files.read(path)
            if !ConfigurationSource.isSame(content, former[path]) { changed[path] = content }
        }
        if changed.isEmpty { return noneHasChanged() }
        guard isToBeTaken(changed) else { return nil }
        let (taken, configuration, refusal) = valid(changed, beside: former)
        state.withLock { state in
            if configuration != nil {
                state = State(inForce: former.merging(taken) { $1 }, after: state, at: now)
            }
            state.refused = changed.filter { taken[$0.key] == nil }
        }
        return Renewal(configuration: configuration, files: taken.keys.sorted(), refusal: refusal)
    }

    /// As much of what has changed as is valid, alone or with one companion, as a certificate has in its key.
    private func valid(_ changed: Contents, beside former: Contents) -> (Contents, Configuration?, ConfigurationError?)
    {
        let refusal: ConfigurationError
        switch configuration(former.merging(changed) { $1 }) {
        case .success(let all): return (changed, all, nil)
        case .failure(let error): refusal = error
        }
        var taken = Contents()
        var best: Configuration?
        for path in changed.keys.sorted() where taken[path] == nil {
            for companion in [path] + changed.keys.sorted() where taken[companion] == nil {
                let more = taken.merging(changed.filter { [path, companion].contains($0.key) }) { $1 }
                guard case .success(let next) = configuration(former.merging(more) { $1 }) else { continue }
                (taken, best) = (more, next)
                break
            }
        }
        return (taken, best, refusal)
    }

    private func configuration(_ contents: Contents) -> Result<Configuration, ConfigurationError> {
        let snapshot = Files { contents[$0] ?? .failure(Files.Failure(problem: "cannot be read")) }
        return Result { () throws(ConfigurationError) in
            try Configuration(flags: flags, environment: environment, files: snapshot)
        }
    }

    private func noneHasChanged() -> Renewal? {
        state.withLock { state in
            defer { (state.changed, state.refused) = ([:], [:]) }
            return state.refused.isEmpty ? nil : Renewal(configuration: nil, files: [], refusal: nil)
        }
    }

    private func isToBeTaken(_ changed: Contents) -> Bool {
        state.withLock { state in
            defer { state.changed = changed }
            return ConfigurationSource.isSame(changed, state.changed)
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
