import Configuration
import Health

/// The completion of service names for shells.
enum ServiceNames {
    /// The names in the configuration of the command, without those that are on the command line already. Empty if
    /// the configuration has mistakes: a shell cannot show them.
    /// - Parameter words: the words of the command line.
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
