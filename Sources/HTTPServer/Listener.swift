import CSystem
import EventLoop
import Glibc
import Sockets

/// A listening socket. Its creator must call `close`.
struct Listener {
    /// The result of `accept`.
    enum Accepted {
        case connection(descriptor: Int32, SocketAddress)
        /// No client is waiting.
        case none
        /// No connection can be accepted now, mostly because descriptors or memory are used up. Clients continue to
        /// wait.
        case exhausted(SystemError)
    }

    let descriptor: Int32
    /// With the port that the kernel has chosen.
    let address: ListenAddress
    /// Opened by this process. Other processes may go on accepting from a passed socket.
    private let isOwned: Bool

    init(on wanted: ListenAddress) throws(ListenError) {
        isOwned = true
        switch wanted {
        case .tcp(let host, let port): (descriptor, address) = try Listener.tcp(host, port, wanted)
        case .unix(let path): (descriptor, address) = (try Listener.unix(path, wanted), wanted)
        }
    }

    /// A socket that another process has opened and passed on. That process has chosen its options, except those that
    /// this process needs. Its path is not removed at the end.
    init(passed descriptor: Int32) throws(PassedSocketError) {
        guard Listener.option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            Listener.option(descriptor, SO_ACCEPTCONN) == 1
        else { throw PassedSocketError(descriptor: descriptor, cause: .notListening) }
        var bound = SocketAddress()
        guard bound.fill({ getsockname(descriptor, $0, $1) }) == 0, let address = bound.listenAddress else {
            throw PassedSocketError(descriptor: descriptor, cause: .unknownFamily)
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        else { throw PassedSocketError(descriptor: descriptor, cause: .system(.last(in: "fcntl"))) }
        if case .tcp = address { Listener.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        self.descriptor = descriptor
        self.address = address
        isOwned = false
    }

    /// Refuses new connections from now on. Connections that were made can still be accepted: closing the socket
    /// would reset them, so call this first. A passed socket is not changed, because another process may accept from
    /// it.
    /// - Returns: false if connections whose handshake has begun may still come.
    func refuseNew() -> Bool {
        guard isOwned else { return true }
        switch address {
        case .tcp: return healthz_ignore_new_connections(descriptor) != 0
        case .unix:
            shutdown(descriptor, Int32(SHUT_RD))
            return true
        }
    }

    func close() {
        Glibc.close(descriptor)
        if isOwned, case .unix(let path) = address { unlink(path) }
    }

    func accept() -> Accepted {
        while true {
            var peer = SocketAddress()
            let connection = peer.fill {
                accept4(descriptor, $0, $1, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
            }
            if connection >= 0 { return .connection(descriptor: connection, peer) }
            switch errno {
            case EAGAIN: return .none
            // The client or its network has gone (accept(2) says to continue after these errors).
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                continue
            default: return .exhausted(.last(in: "accept"))
            }
        }
    }

    static let backlog: Int32 = 4096

    private static func tcp(
        _ host: String, _ port: UInt16, _ wanted: ListenAddress
    ) throws(ListenError) -> (Int32, ListenAddress) {
        let address = try resolve(host, port, wanted)
        let descriptor = try open(address.family, wanted)
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // Accepted connections inherit it: answers are single writes, which gain nothing by waiting for more.
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if address.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        try bindAndListen(descriptor, address, wanted)

        var bound = SocketAddress()
        guard bound.fill({ getsockname(descriptor, $0, $1) }) == 0, let address = bound.listenAddress else {
            throw fail(wanted, errno, closing: descriptor)
        }
        return (descriptor, address)
    }

    private static func unix(_ path: String, _ wanted: ListenAddress) throws(ListenError) -> Int32 {
        guard let address = SocketAddress(path: path) else {
            throw ListenError(address: wanted, cause: .notAvailable, reason: "the path is empty or over 107 bytes")
        }
        removeIfDead(path, address)
        if let obstacle = obstacle(path) {
            throw ListenError(address: wanted, cause: .inUse, reason: "\(obstacle) has this path")
        }
        let descriptor = try open(AF_UNIX, wanted)
        try bindAndListen(descriptor, address, wanted)
        return descriptor
    }

    /// Removes the socket file of a killed process, which would prevent every later start.
    private static func removeIfDead(_ path: String, _ address: SocketAddress) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return }
        defer { Glibc.close(probe) }
        if address.read({ connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
    }

    /// Whether the path exists and is not a socket. bind(2) reports it as an address in use.
    private static func obstacle(_ path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: return nil
        case S_IFREG: return "a regular file"
        case S_IFDIR: return "a directory"
        case S_IFLNK: return "a symbolic link"
        default: return "a file that is not a socket"
        }
    }

    private static func resolve(
        _ host: String, _ port: UInt16, _ wanted: ListenAddress
    ) throws(ListenError) -> SocketAddress {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard code == 0, let first = found?.pointee, let address = first.ai_addr else {
            throw ListenError(address: wanted, cause: .notAvailable, reason: String(cString: gai_strerror(code)))
        }
        return SocketAddress(copying: address, length: first.ai_addrlen)
    }

    private static func open(_ family: Int32, _ wanted: ListenAddress) throws(ListenError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw fail(wanted, errno) }
        return descriptor
    }

    private static func bindAndListen(
        _ descriptor: Int32, _ address: SocketAddress, _ wanted: ListenAddress
    ) throws(ListenError) {
        guard address.read({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, backlog) == 0 else {
            throw fail(wanted, errno, closing: descriptor)
        }
    }

    private static func option(_ descriptor: Int32, _ option: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        // These calls cannot fail on a socket of the right kind, and the server works without them.
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func fail(_ wanted: ListenAddress, _ code: Int32, closing descriptor: Int32? = nil) -> ListenError {
        if let descriptor { Glibc.close(descriptor) }
        let cause: ListenError.Cause =
            switch code {
            case EADDRINUSE: .inUse
            case EADDRNOTAVAIL: .notAvailable
            default: .system
            }
        return ListenError(
            address: wanted, cause: cause, reason: SystemError(call: "bind", code: code).reason.lowercasedFirst)
    }
}
