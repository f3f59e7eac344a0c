import Glibc
import Sockets

/// The header that a proxy sends before the first request: the PROXY protocol of HAProxy, versions 1 and 2.
///
/// A Network Load Balancer whose target group has `proxy_protocol_v2.enabled` sends it on health checks, too.
package struct ProxyHeader: Sendable, Hashable {
    /// The client's end of the connection to the proxy.
    package struct Source: Sendable, Hashable {
        /// An IPv4 or IPv6 address in its usual text form.
        package let host: String
        package let port: UInt16
    }

    package enum Result: Sendable, Hashable {
        /// The bytes may be the beginning of a header.
        case incomplete
        /// The connection begins with something else.
        case absent
        /// - Parameter length: in bytes; the first request follows.
        case header(ProxyHeader, length: Int)
    }

    /// nil if the proxy speaks for itself (a health check, LOCAL), or does not tell (UNKNOWN, a UNIX socket).
    package let source: Source?

    /// The longest line of version 1, with its CRLF.
    private static let longestLine = 107
    /// The most bytes after the fixed part of version 2: addresses, and TLVs, which are ignored.
    private static let longestRest = 4096
    private static let fixedPart = 16
    private static let signature: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8)
    private static let prefix: [UInt8] = Array("PROXY ".utf8)

    /// Reads the beginning of a connection.
    /// - Parameter bytes: all bytes received so far.
    /// - Throws: `malformedProxyHeader` for a header that breaks the protocol's rules.
    package static func read(_ bytes: Span<UInt8>) throws(RequestError) -> Result {
        if begins(bytes, with: signature) {
            return bytes.count < fixedPart ? .incomplete : try readVersion2(bytes)
        }
        if begins(bytes, with: prefix) {
            return bytes.count < prefix.count ? .incomplete : try readVersion1(bytes)
        }
        return .absent
    }

    /// Whether the connection begins with a header of either version, valid or not. The bytes must suffice to
    /// recognise it: a sender writes a header at once.
    static func begins(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= prefix.count && (begins(bytes, with: prefix) || begins(bytes, with: signature))
    }

    /// Whether the shorter one is the beginning of the other.
    private static func begins(_ bytes: Span<UInt8>, with text: [UInt8]) -> Bool {
        for index in 0..<min(bytes.count, text.count) where bytes[index] != text[index] { return false }
        return true
    }

    // MARK: Version 1: a line

    /// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443`, or `PROXY UNKNOWN` with any text after it.
    private static func readVersion1(_ bytes: Span<UInt8>) throws(RequestError) -> Result {
        let end = bytes.firstIndex(of: Grammar.lineFeed, in: 0..<min(bytes.count, longestLine))
        guard let end else {
            guard bytes.count < longestLine else { throw .malformedProxyHeader }
            return .incomplete
        }
        guard bytes[end - 1] == Grammar.carriageReturn else { throw .malformedProxyHeader }
        let words = bytes.string(prefix.count..<end - 1)
            .split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return .header(ProxyHeader(source: try source(of: words)), length: end + 1)
    }

    private static func source(of words: [String]) throws(RequestError) -> Source? {
        let family: Int32
        switch words[0] {
        case "UNKNOWN": return nil
        case "TCP4": family = AF_INET
        case "TCP6": family = AF_INET6
        default: throw .malformedProxyHeader
        }
        guard words.count == 5, isAddress(words[1], family), isAddress(words[2], family),
            let port = port(words[3]), Self.port(words[4]) != nil
        else { throw .malformedProxyHeader }
        return Source(host: words[1], port: port)
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var address = in6_addr()
        return !text.utf8.contains(0) && inet_pton(family, text, &address) == 1
    }

    /// Only digits, without leading zeros.
    private static func port(_ text: String) -> UInt16? {
        guard let number = UInt16(text), String(number) == text else { return nil }
        return number
    }

    // MARK: Version 2: binary

    private static func readVersion2(_ bytes: Span<UInt8>) throws(RequestError) -> Result {
        let (version, command) = (bytes[12] >> 4, bytes[12] & 0x0F)
        let rest = Int(bytes[14]) << 8 | Int(bytes[15])
        guard version == 2, command <= 1, rest <= longestRest else { throw .malformedProxyHeader }
        guard bytes.count >= fixedPart + rest else { return .incomplete }
        let isLocal = command == 0
        let source: Source? =
            switch bytes[13] {
            // TCP over IPv4 and IPv6. Other families are ignored.
            case 0x11: try address(in: bytes, rest, AF_INET, addressBytes: 4)
            case 0x21: try address(in: bytes, rest, AF_INET6, addressBytes: 16)
            default: nil
            }
        return .header(ProxyHeader(source: isLocal ? nil : source), length: fixedPart + rest)
    }

    /// Source address, destination address, source port, destination port.
    private static func address(
        in bytes: Span<UInt8>, _ rest: Int, _ family: Int32, addressBytes: Int
    ) throws(RequestError) -> Source {
        guard rest >= 2 * addressBytes + 4 else { throw .malformedProxyHeader }
        let raw = bytes.array(fixedPart..<fixedPart + addressBytes)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, raw, &text, socklen_t(text.count)) != nil else { throw .malformedProxyHeader }
        let port = fixedPart + 2 * addressBytes
        return Source(
            host: String(buffer: text),
            port: UInt16(bytes[port]) << 8 | UInt16(bytes[port + 1]))
    }
}
