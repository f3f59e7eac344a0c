/// An address on which a server accepts connections.
package enum ListenAddress: Sendable, Hashable {
    /// `host` is a name or an address, IPv6 without brackets; `::` accepts IPv4 too. With port 0 the kernel chooses one.
    case tcp(host: String, port: UInt16)
    /// The path of a UNIX domain socket.
    case unix(path: String)

    /// The form that clients use: `http://127.0.0.1:8080`, or `unix:` and the path.
    package var url: String {
        if case .unix = self { return description }
        return "http://\(self)"
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
