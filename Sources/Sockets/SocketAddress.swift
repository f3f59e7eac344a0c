package import Glibc

/// A socket address: sockaddr(3type) in its storage.
package struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    package init() {}

    package init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        self.length = length
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
    }

    /// The address of a UNIX domain socket; nil if the path is empty or longer than 107 bytes. A path that begins with
    /// "@" is an abstract name: the "@" stands for a zero byte (unix(7)).
    package init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            place.copyBytes(from: bytes)
            if isAbstract { place[0] = 0 }
        }
        // Every byte up to the length belongs to an abstract name.
        let length = isAbstract ? MemoryLayout<sa_family_t>.size + bytes.count : MemoryLayout<sockaddr_un>.size
        self = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                SocketAddress(copying: $0, length: socklen_t(length))
            }
        }
    }

    package var family: Int32 { Int32(storage.ss_family) }

    /// Calls `body` with memory for an address, which the system fills.
    package mutating func fill<R>(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> R) -> R {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }

    package func read<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// - Parameter type: the type for the address's family.
    func reading<Address, R>(_ type: Address.Type, _ body: (Address) -> R) -> R {
        withUnsafeBytes(of: storage) { body($0.loadUnaligned(as: type)) }
    }

    /// Numeric host and port, or the path; nil for other families.
    package var listenAddress: ListenAddress? {
        if let numeric { return .tcp(host: numeric.host, port: numeric.port) }
        guard family == AF_UNIX else { return nil }
        let path = reading(sockaddr_un.self) { address in
            withUnsafeBytes(of: address.sun_path) { String(untilZero: $0) }
        }
        return .unix(path: path)
    }

    private var numeric: (host: String, port: UInt16)? {
        guard family == AF_INET || family == AF_INET6 else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let code = read {
            getnameinfo(
                $0, $1, &host, socklen_t(host.count), &service, socklen_t(service.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        guard code == 0, let port = UInt16(String(buffer: service)) else { return nil }
        return (String(buffer: host), port)
    }
}
