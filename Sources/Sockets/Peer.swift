import Glibc

/// The remote end of a connection.
package struct Peer: Sendable, Hashable {
    /// A client's address. Connections are counted by it.
    package enum Address: Sendable, Hashable {
        /// In network byte order.
        case v4(UInt32)
        case v6(UInt64, UInt64, scope: UInt32)
        /// A UNIX domain socket: any process with access to its file.
        case unix
    }

    package let address: Address
    package let port: UInt16
    /// The client in an untrusted PROXY protocol header; nil without one.
    package private(set) var unverifiedClient: String?

    package init(_ socket: SocketAddress) {
        switch socket.family {
        case AF_INET:
            let found = socket.reading(sockaddr_in.self) { ($0.sin_addr.s_addr, $0.sin_port) }
            (address, port) = (.v4(found.0), UInt16(bigEndian: found.1))
        case AF_INET6:
            let found = socket.reading(sockaddr_in6.self) { ($0.sin6_addr, $0.sin6_scope_id, $0.sin6_port) }
            (address, port) = (Address(found.0, scope: found.1), UInt16(bigEndian: found.2))
        default:
            (address, port) = (.unix, 0)
        }
    }

    private init(_ address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// The peer with the client from its PROXY protocol header.
    /// - Parameter isTrusted: whether the header counts; otherwise the peer stays the same, and the claim is noted.
    package func proxying(host: String, port: UInt16, isTrusted: Bool) -> Peer {
        guard isTrusted, let address = Address(text: host) else {
            var peer = self
            peer.unverifiedClient = host
            return peer
        }
        return Peer(address, port: port)
    }

    /// The address that connections are counted by: a host can use every address of its IPv6 /64 network.
    package var client: Address {
        guard case .v6(let high, _, let scope) = address else { return address }
        return .v6(high, 0, scope: scope)
    }

    /// In numbers; nil for a UNIX domain socket.
    package var host: String? {
        switch address {
        case .v4(var bytes): return Peer.text(AF_INET, &bytes)
        case .v6(let high, let low, let scope):
            var bytes = (high, low)
            let text = Peer.text(AF_INET6, &bytes)
            return scope == 0 ? text : "\(text)%\(scope)"
        case .unix: return nil
        }
    }

    private static func text(_ family: Int32, _ bytes: UnsafeRawPointer) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
        return String(buffer: buffer)
    }
}

extension Peer: CustomStringConvertible {
    package var description: String {
        guard let host else { return "unix" }
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return unverifiedClient.map { "\(place) (for \($0))" } ?? place
    }
}

extension Peer.Address {
    /// A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1, which is the same client as 192.0.2.1.
    fileprivate init(_ address: in6_addr, scope: UInt32) {
        self = withUnsafeBytes(of: address) { bytes in
            if bytes.prefix(12).elementsEqual(Peer.Address.mappedPrefix) {
                return .v4(bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
            }
            return .v6(
                bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                scope: scope)
        }
    }

    /// nil if the text is not an address.
    fileprivate init?(text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(v4.s_addr)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self = Peer.Address(v6, scope: 0)
        } else {
            return nil
        }
    }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
}
