import Foundation

/// A listening port of loopback that takes no more connections: its queue is full, and the kernel drops what comes.
package final class FullBacklog {
    package let port: UInt16
    private let closed: ClosedPort
    private var clients: [Int32] = []

    package init() throws {
        closed = try ClosedPort()
        port = closed.port
        guard closed.listen(backlog: 0) else { throw RawClient.Failure.system("listen", errno) }
        // A queue of length zero takes one; the rest is for kernels that round up.
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            _ = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            clients.append(client)
        }
    }

    deinit {
        for client in clients { close(client) }
    }
}
