import Glibc
import Health

/// Listening sockets that a service manager has opened and passed on, by their descriptors (sd_listen_fds(3)).
enum PassedSockets {
    /// `LISTEN_FDS` is there for this process, and is not a number of descriptors.
    struct Malformed: Error, CustomStringConvertible {
        let value: String

        var description: String { "LISTEN_FDS: \"\(Printable.escape(value))\" is not a number of sockets from 1 to 64" }
    }

    private static let first: Int32 = 3

    /// None where none were passed, or where they were for another process, such as the one that started this one.
    static func descriptors(_ environment: [String: String]) throws(Malformed) -> [Int32] {
        guard environment["LISTEN_PID"] == "\(getpid())", let value = environment["LISTEN_FDS"] else { return [] }
        guard let count = Int32(value), (1...64).contains(count) else { throw Malformed(value: value) }
        return Array(first..<first + count)
    }
}
