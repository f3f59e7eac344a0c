import CSystem
import Glibc

/// The open descriptors of the process, and their limit.
package enum Descriptors {
    /// Descriptors that are reserved for lookups, logs, listeners, registries and files.
    private static let reserve = 128
    /// And for a probe: connections to two addresses may race, and one may be kept for the next probe.
    private static let perProbe = 2

    /// The number of open descriptors; nil if the system does not tell.
    package static var open: Int? {
        var status = stat()
        // From Linux 6.2 on, the size of this folder is their number; before that it is zero.
        if stat(folder, &status) == 0, status.st_size > 0 { return Int(status.st_size) }
        return counted(in: folder)
    }

    /// The largest number; nil if the system does not tell.
    package static var limit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    private static let folder = "/proc/self/fd"

    /// Counts them one by one. With ten thousand descriptors this takes some milliseconds.
    static func counted(in folder: String) -> Int? {
        guard let entries = opendir(folder) else { return nil }
        defer { closedir(entries) }
        var count = 0
        while readdir(entries) != nil { count += 1 }
        // Without `.`, `..` and the descriptor of the folder.
        return count - 3
    }

    /// Raises the limit as far as possible, and returns the number of connections that it allows: a health check must not fail
    /// because of many clients.
    /// - Parameters:
    ///   - wanted: the number of connections to allow.
    ///   - probes: how many probes may run at the same time.
    package static func connections(atMost wanted: Int, besides probes: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        let before = limit.rlim_cur
        let reserve = reserve + perProbe * probes
        let needed = rlim_t(wanted + reserve)
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        let room = Int(clamping: limit.rlim_cur)
        // If there is hardly any room, half of it for each.
        return min(wanted, max(room - reserve, room / 2))
    }
}
