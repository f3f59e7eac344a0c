import Glibc

/// The process's limit of open descriptors.
package enum Descriptors {
    /// What is kept from clients, for probes, lookups, logs and listeners: a health check must not fail because many
    /// others ask.
    private static let reserve = 128

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
