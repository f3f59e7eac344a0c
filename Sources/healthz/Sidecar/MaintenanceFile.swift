import EventLoop
import Glibc
import Time

/// Watches for the file that takes the node out of service. It looks once a second: reading the first line of a local
/// file takes no time. To be used on the loop.
final class MaintenanceFile {
    private static let pause = Duration.seconds(1)
    private static let limit = 500

    private let path: String
    private let changed: (String?) -> Void
    private var timer: LoopTimer?
    private var reason: String?

    /// - Parameters:
    ///   - fire: called on the loop when `look` is to be called again.
    ///   - changed: called with the first line of the file when it comes or changes, and with nil when it goes.
    init(_ path: String, on loop: EventLoop, fire: @escaping @Sendable () -> Void, changed: @escaping (String?) -> Void)
    {
        self.path = path
        self.changed = changed
        timer = LoopTimer(on: loop, fire: fire)
    }

    func look() {
        let found = firstLine()
        if found != reason {
            reason = found
            changed(found)
        }
        timer?.wake(by: .now + MaintenanceFile.pause)
    }

    /// nil if there is no file; an empty note if the file cannot be read.
    private func firstLine() -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return errno == ENOENT || errno == ENOTDIR ? nil : "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: MaintenanceFile.limit)
        let count = max(0, read(descriptor, &buffer, buffer.count))
        return String(decoding: buffer.prefix(count).prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
