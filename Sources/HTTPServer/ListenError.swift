package import EventLoop
package import Sockets

/// A listening socket could not be opened.
package struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Cause: Sendable, Hashable {
        /// Another socket has the address.
        case inUse
        /// The address is not this machine's, or not an address at all.
        case notAvailable
        /// Anything else: permission, descriptors, memory, the file system.
        case system
    }

    package let address: ListenAddress
    package let cause: Cause
    /// The system's message.
    package let reason: String

    package var description: String { "cannot listen on \(address): \(reason)" }
}

/// A descriptor that was passed by LISTEN_FDS cannot be listened on.
package struct PassedSocketError: Error, Sendable, CustomStringConvertible {
    package enum Cause: Sendable {
        /// Not open, not a socket, or not a listening stream socket.
        case notListening
        /// A stream socket that is neither IP nor UNIX domain.
        case unknownFamily
        case system(SystemError)
    }

    package let descriptor: Int32
    package let cause: Cause

    package var description: String {
        let reason =
            switch cause {
            case .notListening: "it is not a listening stream socket"
            case .unknownFamily: "it is neither a TCP nor a UNIX socket"
            case .system(let error): error.reason.lowercasedFirst
            }
        return "cannot listen on descriptor \(descriptor), which was passed by LISTEN_FDS: \(reason)"
    }
}
