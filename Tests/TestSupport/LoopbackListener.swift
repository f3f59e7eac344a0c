import Foundation

/// A listening socket of a test server, with a thread that accepts until `stop`.
final class LoopbackListener: Sendable {
    private let descriptor: Int32
    private let isListening = Guarded(true)

    init(_ address: RawAddress, family: Int32) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try address.bind(descriptor)
        guard listen(descriptor, 512) == 0 else { throw RawClient.Failure.system("listen", errno) }
    }

    func port() throws -> UInt16 { try RawAddress.port(of: descriptor) }

    /// - Parameter accepted: called with each connection, on the accepting thread; it closes the connection, now or later.
    func accept(_ accepted: @escaping @Sendable (_ connection: Int32) -> Void) {
        Thread.detachNewThread { [descriptor] in
            // Closed here alone: elsewhere, its number could be given out again while this thread is about to accept.
            defer { close(descriptor) }
            while true {
                let connection = Foundation.accept(descriptor, nil, nil)
                if connection < 0 { return }
                accepted(connection)
            }
        }
    }

    func stop() {
        let wasListening = isListening.withLock { value in
            defer { value = false }
            return value
        }
        if wasListening { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
}
