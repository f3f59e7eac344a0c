import Glibc
import HTTPWire

/// The socket of an accepted connection, with the output that the client has not read yet.
struct ClientSocket {
    /// The result of a read.
    enum Input {
        case bytes(Int)
        case end
        case none
        case failed
    }

    let descriptor: Int32
    /// There may be input. A read that empties the socket clears this, as the poll reports changes only.
    var mayRead = true
    /// The client has closed its side; a read will find the end.
    var inputEndIsNear = false
    private(set) var isOpen = true
    private var unsent: ArraySlice<UInt8> = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    var hasUnsent: Bool { !unsent.isEmpty }

    mutating func close() {
        guard isOpen else { return }
        isOpen = false
        unsent = []
        Glibc.close(descriptor)
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Input {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                // A short read has emptied the socket, and the poll will report more input (epoll(7)).
                if count < buffer.count, !inputEndIsNear { mayRead = false }
                return .bytes(count)
            }
            if count == 0 {
                mayRead = false
                return .end
            }
            if errno == EINTR { continue }
            mayRead = false
            return errno == EAGAIN ? .none : .failed
        }
    }

    /// Whether the socket has an error. An event is no proof: it may have been queued for an earlier connection with
    /// the same descriptor.
    var hasFailed: Bool {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0
    }

    /// Whether there is input that was not read.
    var hasUnreadInput: Bool {
        guard mayRead else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
    }

    /// Writes as much of `output` as the client accepts now, after the unsent output, and keeps the rest.
    /// - Returns: false if the connection is broken.
    mutating func write(_ output: [UInt8]) -> Bool {
        guard unsent.isEmpty else {
            unsent += output
            return true
        }
        guard let sent = send(output[...]) else { return false }
        if sent < output.count { unsent = output[sent...] }
        return true
    }

    /// Writes more of what is unsent.
    /// - Returns: how many bytes the client has accepted; nil if the connection is broken.
    mutating func writeUnsent() -> Int? {
        guard let sent = send(unsent) else { return nil }
        unsent = sent == unsent.count ? [] : unsent.dropFirst(sent)
        return sent
    }

    /// Sends the end of the output; the client can still send.
    func endOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count > 0 {
                    sent += count
                } else if errno == EAGAIN {
                    return sent
                } else if errno != EINTR {
                    return nil
                }
            }
            return sent
        }
    }
}

/// The result of a read, as a connection's machine understands it.
enum ConversationInput {
    case action(ConnectionMachine.Action)
    case none
    case failed
}
