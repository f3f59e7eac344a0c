import Foundation

/// Where a socket is bound or connected, as the system calls want it.
package struct RawAddress {
    private var storage = sockaddr_storage()
    private let length: socklen_t

    /// - Parameter host: in numbers.
    package init(_ host: String, port: UInt16 = 0) {
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            self.init(copying: address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            self.init(copying: address)
        }
    }

    package init(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        self.init(copying: address)
    }

    private init<Address>(copying address: Address) {
        length = socklen_t(MemoryLayout<Address>.size)
        withUnsafeMutableBytes(of: &storage) { bytes in
            withUnsafeBytes(of: address) { bytes.copyMemory(from: $0) }
        }
    }

    package func bind(_ socket: Int32) throws {
        try call("bind") { Foundation.bind(socket, $0, $1) }
    }

    func connect(_ socket: Int32) throws {
        try call("connect") { Foundation.connect(socket, $0, $1) }
    }

    private func call(_ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
        let result = withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
        guard result == 0 else { throw RawClient.Failure.system(name, errno) }
    }

    /// The port that a socket has been bound to.
    static func port(of socket: Int32) throws -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return try withUnsafeMutableBytes(of: &storage) { bytes in
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getsockname(socket, address, &length) == 0
            else { throw RawClient.Failure.system("getsockname", errno) }
            // It stands at the same place in both kinds of address.
            return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        }
    }
}
