import Configuration
import Health

/// The names that a shell offers for a service.
enum ServiceNames {
    /// Those of the configuration that the command would read, without those that are given already. None if the
    /// configuration has mistakes: a shell that completes a word cannot show them.
    /// - Parameter words: of the command line.
    static func offered(after words: [String]) -> [String] {
        var flags: [Setting: String] = [:]
        for (index, word) in words.enumerated() {
            if word == Setting.config.flag, words.indices.contains(index + 1) { flags[.config] = words[index + 1] }
            if word.hasPrefix("\(Setting.config.flag)=") {
                flags[.config] = String(word.dropFirst(Setting.config.flag.count + 1))
            }
        }
        guard let configuration = try? Configuration.load(flags: flags) else { return [] }
        return configuration.services.map(\.name).filter { !words.contains($0) }
    }
}
