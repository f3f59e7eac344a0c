import Glibc
import Health

/// Listening sockets from a service manager, by descriptor (sd_listen_fds(3)).
enum PassedSockets {
    /// `LISTEN_FDS` is for this process, but not a number of descriptors.
    struct Malformed: Error, CustomStringConvertible {
        let value: String

        var description: String { "LISTEN_FDS: \"\(Printable.escape(value))\" is not a number of sockets from 1 to 64" }
    }

    private static let first: Int32 = 3

    /// Empty if there are none, or if they are for another process, such as the parent.
    static func descriptors(_ environment: [String: String]) throws(Malformed) -> [Int32] {
        guard environment["LISTEN_PID"] == "\(getpid())", let value = environment["LISTEN_FDS"] else { return [] }
        guard let count = Int32(value), (1...64).contains(count) else { throw Malformed(value: value) }
        return Array(first..<first + count)
    }
}
