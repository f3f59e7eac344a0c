import Glibc
import Sockets
import Testing

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test("A path of up to 107 bytes is an address, and is read back")
    func paths() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        #expect(try #require(SocketAddress(path: longest)).listenAddress == .unix(path: longest))
        #expect(SocketAddress(path: longest + "x") == nil)
        #expect(SocketAddress(path: "") == nil)
    }

    @Test("An abstract name begins with a zero byte and is no longer than it is written")
    func abstract() throws {
        let address = try #require(SocketAddress(path: "@name"))
        let bytes = address.read { pointer, length in Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
        }
        #expect(Array(bytes.dropFirst(2)) == [0] + Array("name".utf8))
    }

    @Test("The text of a C function ends at its zero byte, or with its buffer")
    func buffers() {
        #expect(String(buffer: [0x61, 0x62, 0, 0x63]) == "ab")
        #expect(String(buffer: [0x61, 0x62]) == "ab")
        #expect(String(buffer: []).isEmpty)
    }

    @Test("A URL is what a client writes")
    func url() {
        #expect(ListenAddress.tcp(host: "::1", port: 8080).url == "http://[::1]:8080")
        #expect(ListenAddress.unix(path: "/run/healthz.sock").url == "unix:/run/healthz.sock")
    }
}
