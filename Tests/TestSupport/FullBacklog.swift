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
            // It is under way, which is told as an error.
            try? RawAddress("127.0.0.1", port: port).connect(client)
            clients.append(client)
        }
    }

    deinit {
        for client in clients { close(client) }
    }
}
