import Glibc

/// The sockets of connections that libcurl may keep for later requests, by their local and remote addresses.
///
/// libcurl before 8.0 reuses a connection even if unexpected input has arrived on it (a 408 before the server closes,
/// or an extra response), and takes this input for the next response.
final class KeptConnections {
    /// In the notation of libcurl.
    struct Ends: Hashable {
        let localAddress: String
        let localPort: Int
        let address: String
        let port: Int
    }

    /// Counted from the start of the connection, however often it is used: a name may have moved, or a certificate
    /// may have been revoked.
    let lifetime: Duration
    private var sockets: [Ends: Int32] = [:]
    /// The connection of each descriptor, so that a descriptor that is used again forgets its former connection.
    private var ends: [Int32: Ends] = [:]

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// A new connection, by one of the sockets that were opened for it.
    func note(_ connection: Ends, among opened: [Int32]) {
        guard let socket = opened.last(where: { KeptConnections.localPort(of: $0) == connection.localPort }) else {
            return
        }
        if let former = ends.updateValue(connection, forKey: socket) { sockets[former] = nil }
        sockets[connection] = socket
    }

    /// Call this before a request that may use a kept connection: it ends the connection if input has arrived on it.
    /// Then libcurl fails to send, and makes a new connection by itself.
    ///
    /// It also ends the connection if its address is no longer one of the name's.
    /// - Parameter addresses: the present addresses of the name; empty if there are none.
    func endIfUnfit(_ connection: Ends, _ addresses: [String]) {
        guard let socket = sockets[connection] else { return }
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 0) > 0 || !connection.goes(toOneOf: addresses) else { return }
        shutdown(socket, Int32(SHUT_RDWR))
    }

    private static func localPort(of socket: Int32) -> Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard result == 0 else { return nil }
        // The port is at the same offset in both families.
        return withUnsafeBytes(of: address) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

extension KeptConnections.Ends {
    /// libcurl writes addresses without a zone.
    fileprivate func goes(toOneOf addresses: [String]) -> Bool {
        addresses.isEmpty || addresses.contains { $0.prefix { $0 != "%" } == address }
    }
}
