import Glibc

/// The process's open descriptors, and their limit.
package enum Descriptors {
    /// What is kept from clients, for probes, lookups, logs and listeners: a health check must not fail because many
    /// others ask.
    private static let reserve = 128

    /// How many are open now; nil where the system does not tell.
    package static var open: Int? {
        var status = stat()
        // The size of this folder is their number, from Linux 6.2 on; zero before.
        if stat(folder, &status) == 0, status.st_size > 0 { return Int(status.st_size) }
        return counted(in: folder)
    }

    /// How many there may be; nil where the system does not tell.
    package static var limit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    private static let folder = "/proc/self/fd"

    /// One by one: with ten thousand of them, it takes some milliseconds.
    static func counted(in folder: String) -> Int? {
        guard let entries = opendir(folder) else { return nil }
        defer { closedir(entries) }
        var count = 0
        while readdir(entries) != nil { count += 1 }
        // Itself, its parent, and the descriptor that it is being read by.
        return count - 3
    }

    /// Raises the limit as far as the process may, and says how many connections it leaves room for.
    /// - Parameter wanted: as many as there are to be where the limit allows it.
    package static func connections(atMost wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        let before = limit.rlim_cur
        let needed = rlim_t(wanted + reserve)
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(needed, limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        let room = Int(clamping: limit.rlim_cur)
        // Where there is hardly any room, half of it each.
        return min(wanted, max(room - reserve, room / 2))
    }
}
