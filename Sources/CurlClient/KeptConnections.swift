import Glibc

/// The sockets of connections that libcurl may keep for later requests, by their two ends.
///
/// libcurl before 8.0 takes such a connection again even where something has come on it that nobody asked for (a 408
/// before the server closes, an answer too many), and takes that for the answer to the next request.
final class KeptConnections {
    /// In libcurl's words for them.
    struct Ends: Hashable {
        let localAddress: String
        let localPort: Int
        let address: String
        let port: Int
    }

    /// From the connection's start, whatever it is used for: a name may have moved, a certificate may have been revoked.
    let lifetime: Duration
    private var sockets: [Ends: Int32] = [:]
    /// The way back, so that a number that is given out again lets go of the connection it had.
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

    /// To be called before a request is sent on a connection that was kept: where input waits already, it is ended.
    /// libcurl then fails to send, and makes a new connection by itself.
    ///
    /// The same where it goes to an address that the name has no more.
    /// - Parameter addresses: of the name, now; empty where there is none.
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
        // It stands at the same place in the addresses of both families.
        return withUnsafeBytes(of: address) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

extension KeptConnections.Ends {
    /// libcurl's word for an address is without a zone.
    fileprivate func goes(toOneOf addresses: [String]) -> Bool {
        addresses.isEmpty || addresses.contains { $0.prefix { $0 != "%" } == address }
    }
}
