import Foundation

/// A UNIX domain socket that takes datagrams, as systemd's for notifications does.
package final class DatagramSocket {
    package let path: String
    private let descriptor: Int32
    private let folder: Folder

    package init() throws {
        folder = try Folder()
        path = folder.path("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try RawAddress(path: path).bind(descriptor)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// The next datagram.
    package func receive() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw RawClient.Failure.timeout }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
