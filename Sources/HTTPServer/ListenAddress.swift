package import EventLoop

/// Where a server takes connections.
package enum ListenAddress: Sendable, Hashable {
    /// `host` is a name or an address, IPv6 without brackets; `::` takes IPv4 too. Port 0 lets the kernel choose.
    case tcp(host: String, port: UInt16)
    /// The path of a UNIX domain socket.
    case unix(path: String)
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// A descriptor that was passed to be listened on, and is not fit for it.
package struct PassedSocketError: Error, Sendable, CustomStringConvertible {
    package enum Cause: Sendable {
        /// Not open, no socket, or no stream socket that listens.
        case notListening
        /// A stream socket of neither IP nor UNIX domain.
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

/// A listening socket that could not be had.
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
    /// The system's own words.
    package let reason: String

    package var description: String { "cannot listen on \(address): \(reason)" }
}
