import Glibc

/// The order of the two families if they were looked up separately, so that the system has not sorted them.
enum Reachability {
    /// By the rules of RFC 6724 that matter between the families: avoid what cannot be reached, prefer IPv6 otherwise, but not
    /// unique local addresses (fc00::/7), whose precedence is below IPv4's.
    static func sixComesFirst(_ six: [String], beside four: [String]) -> Bool {
        guard let first = six.first else { return false }
        guard !four.isEmpty else { return true }
        let isLocal = ["fc", "fd"].contains(first.prefix(2).lowercased())
        return !isLocal && hasRoute(to: first)
    }

    /// connect(2) on a datagram socket sends nothing: it looks for a route and a source address.
    private static func hasRoute(to address: String) -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "9", &hints, &found) == 0, let entry = found?.pointee else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(entry.ai_family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0
    }
}
