import Glibc
import Sockets
import Testing

@Suite("The other end of a connection")
struct PeerTests {
    private func peer(_ host: String, port: UInt16 = 0) -> Peer {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        inet_pton(AF_INET6, host, &address.sin6_addr)
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Peer(SocketAddress(copying: $0, length: socklen_t(MemoryLayout<sockaddr_in6>.size)))
            }
        }
    }

    @Test("An IPv6 client is its network of 64 bits, an IPv4 client its address, also where both families are served")
    func clients() {
        #expect(peer("2001:db8::1").client == peer("2001:db8::ffff:1").client)
        #expect(peer("2001:db8::1").client != peer("2001:db8:0:1::1").client)
        #expect(peer("::ffff:192.0.2.1").client != peer("::ffff:192.0.2.2").client)
    }

    @Test(
        "A peer is written as its address and its port, and an IPv4 client of a socket for both families as IPv4",
        arguments: [("2001:db8::1", "[2001:db8::1]:80"), ("::ffff:192.0.2.1", "192.0.2.1:80")])
    func description(host: String, expected: String) {
        #expect(peer(host, port: 80).description == expected)
    }

    @Test("A client of a UNIX domain socket has no address")
    func unix() throws {
        let peer = Peer(try #require(SocketAddress(path: "/run/socket")))
        #expect(peer.host == nil && peer.description == "unix")
    }
}
