import Foundation

/// A client that sends exactly the bytes it is told to, over a blocking socket whose every wait has a deadline.
package final class RawClient: Sendable {
    package enum Failure: Error {
        case system(String, Int32)
        case timeout
    }

    private let descriptor: Int32
    private let unread = Guarded<[UInt8]>([])

    package init(port: UInt16, host: String = "127.0.0.1", timeout: Duration = .seconds(30)) throws {
        let family = host.contains(":") ? AF_INET6 : AF_INET
        descriptor = try RawClient.socket(family, timeout)
        // Thrown from here on, `deinit` closes the descriptor.
        try RawAddress(host, port: port).connect(descriptor)
    }

    /// To a UNIX domain socket.
    package init(path: String, timeout: Duration = .seconds(30)) throws {
        descriptor = try RawClient.socket(AF_UNIX, timeout)
        try RawAddress(path: path).connect(descriptor)
    }

    deinit {
        close(descriptor)
    }

    private static func socket(_ family: Int32, _ timeout: Duration) throws -> Int32 {
        let descriptor = Foundation.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure.system("socket", errno) }
        var time = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure.system("send", errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// No more will be sent; the answer can still be read.
    package func endOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes with a reset instead of an end.
    package func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Whether anything has come that was not read yet; does not wait.
    package var hasInput: Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) > 0
    }

    /// Some bytes, or none at the end of the stream.
    package func readSome() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { throw errno == EAGAIN ? Failure.timeout : Failure.system("recv", errno) }
        return Array(buffer[..<count])
    }

    /// All bytes until the other side ends its stream.
    package func readToEnd() throws -> String {
        var all: [UInt8] = []
        while true {
            let some = try readSome()
            if some.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += some
        }
    }

    /// One response, framed by its Content-Length, leaving what follows it for the next call.
    package func readResponse(hasContent: Bool = true) throws -> RawResponse {
        while true {
            let response = unread.withLock { bytes -> RawResponse? in
                guard let (response, length) = RawResponse.parse(bytes, hasContent: hasContent) else { return nil }
                bytes.removeFirst(length)
                return response
            }
            if let response { return response }
            let some = try readSome()
            if some.isEmpty { throw Failure.system("the stream ended in the middle of a response", 0) }
            unread.withLock { $0 += some }
        }
    }
}

/// A response as it came.
package struct RawResponse: Sendable {
    package let status: Int
    package let head: String
    package let body: String

    /// The value of the first field of that name.
    package func field(_ name: String) -> String? {
        for line in head.components(separatedBy: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    /// The content as JSON.
    package func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
    }

    /// nil where it is not complete.
    package static func parse(_ bytes: [UInt8], hasContent: Bool) -> (RawResponse, length: Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let parts = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
        var response = RawResponse(status: status, head: head, body: "")
        let length = hasContent ? Int(response.field("Content-Length") ?? "0") ?? 0 : 0
        guard bytes.count >= end.upperBound + length else { return nil }
        let body = String(decoding: bytes[end.upperBound..<end.upperBound + length], as: UTF8.self)
        response = RawResponse(status: status, head: head, body: body)
        return (response, end.upperBound + length)
    }
}

/// One GET on a connection of its own.
package func get(
    _ target: String, port: UInt16, host: String = "127.0.0.1", method: String = "GET", fields: [String] = []
) throws -> RawResponse {
    let client = try RawClient(port: port, host: host)
    let lines = ["\(method) \(target) HTTP/1.1", "Host: test", "Connection: close"] + fields
    try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    return try client.readResponse(hasContent: method != "HEAD")
}
