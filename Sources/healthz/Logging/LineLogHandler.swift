import Configuration
import Health
import Logging
import Reporting
import Time

/// One line an event: for people, or as a JSON object for machines. The message alone says everything to a person,
/// so the text form leaves the metadata out.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes a line with its line feed, and does not wait for anything.
    init(format: LogFormat, level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
        self.format = format
        self.write = write
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = Moment.now.timestamp.rfc3339
        let message = event.message.description
        switch format {
        case .text:
            let level = event.level.rawValue
            let padding = String(repeating: " ", count: max(0, 7 - level.count))
            write("\(time) \(level)\(padding) \(Printable.escape(message, limit: 2000))\n")
        case .json:
            let members = metadata.merging(event.metadata ?? [:]) { _, new in new }
                .sorted { $0.key < $1.key }
                .map { ($0.key, LineLogHandler.json($0.value)) }
            let first: [(String, JSONLine.Value)] = [
                ("time", .text(time)), ("level", .text(event.level.rawValue)), ("message", .text(message)),
            ]
            write(JSONLine.encode(first + members) + "\n")
        }
    }

    /// A number stays a number.
    private static func json(_ value: Logger.Metadata.Value) -> JSONLine.Value {
        switch value {
        case .stringConvertible(let number as Int): .integer(number)
        case .stringConvertible(let number as Double): .decimal(number)
        default: .text("\(value)")
        }
    }
}
