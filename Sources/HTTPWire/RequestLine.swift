import Glibc
import HTTPTypes

/// `method SP request-target SP HTTP-version` (RFC 9112 §3).
struct RequestLine: Sendable {
    let method: HTTPRequest.Method
    let target: RequestTarget
    let version: RequestHead.Version

    init(_ bytes: Bytes, _ line: Range<Int>) throws(RequestError) {
        guard let methodEnd = bytes.firstIndex(of: Grammar.space, in: line),
            let targetEnd = bytes.firstIndex(of: Grammar.space, in: methodEnd + 1..<line.upperBound),
            methodEnd > line.lowerBound, targetEnd > methodEnd + 1
        else { throw .malformedRequestLine }

        version = try RequestLine.version(bytes, targetEnd + 1..<line.upperBound)
        method = try RequestLine.method(bytes, line.lowerBound..<methodEnd)
        target = try RequestLine.target(bytes, methodEnd + 1..<targetEnd, of: method)
    }

    private static func version(_ bytes: Bytes, _ range: Range<Int>) throws(RequestError) -> RequestHead.Version {
        let start = range.lowerBound
        // HTTP-version = "HTTP/" DIGIT "." DIGIT, in capitals (RFC 9112 §2.3).
        guard range.count == 8, bytes.matches("HTTP/", in: start..<start + 5), Grammar.isDigit(bytes[start + 5]),
            bytes[start + 6] == UInt8(ascii: "."), Grammar.isDigit(bytes[start + 7])
        else { throw .malformedRequestLine }
        guard bytes[start + 5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        // A higher minor version is served as the highest one known (RFC 9110 §2.5).
        return bytes[start + 7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    private static func method(_ bytes: Bytes, _ range: Range<Int>) throws(RequestError) -> HTTPRequest.Method {
        if bytes.matches("GET", in: range) { return .get }
        if bytes.matches("HEAD", in: range) { return .head }
        guard bytes.allSatisfy(in: range, Grammar.isToken), let method = HTTPRequest.Method(bytes.string(range)) else {
            throw .malformedRequestLine
        }
        guard known.contains(method) else { throw .unsupportedMethod }
        return method
    }

    /// Those of RFC 9110 §9.3, RFC 5789, and OpenAPI's QUERY. CONNECT is for proxies.
    private static let known: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .options, .trace, .patch, .query,
    ]

    private static func target(
        _ bytes: Bytes, _ range: Range<Int>, of method: HTTPRequest.Method
    ) throws(RequestError) -> RequestTarget {
        if bytes[range.lowerBound] == UInt8(ascii: "/") { return try origin(bytes, range) }
        if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*") {
            guard method == .options else { throw .malformedTarget }
            return .asterisk
        }
        return try absolute(bytes, range)
    }

    private static func origin(_ bytes: Bytes, _ range: Range<Int>) throws(RequestError) -> RequestTarget {
        let question = bytes.firstIndex(of: UInt8(ascii: "?"), in: range)
        let path = range.lowerBound..<(question ?? range.upperBound)
        guard bytes.isEncoded(in: path, Grammar.isPath) else { throw .malformedTarget }
        guard let question else { return .origin(path: bytes.string(path), query: nil) }
        let query = question + 1..<range.upperBound
        guard bytes.isEncoded(in: query, { Grammar.isPath($0) || $0 == UInt8(ascii: "?") }) else {
            throw .malformedTarget
        }
        return .origin(path: bytes.string(path), query: bytes.string(query))
    }

    /// `http://authority/path?query`, which a server must accept (RFC 9112 §3.2.2).
    private static func absolute(_ bytes: Bytes, _ range: Range<Int>) throws(RequestError) -> RequestTarget {
        var start = range.lowerBound
        if range.count > 7, bytes.matchesIgnoringCase("http://", in: start..<start + 7) {
            start += 7
        } else if range.count > 8, bytes.matchesIgnoringCase("https://", in: start..<start + 8) {
            // No connection here is secured (RFC 9110 §7.4).
            throw .misdirected
        } else {
            throw .malformedTarget
        }
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard end > start, bytes[start] != Grammar.colon, Authority.isValid(bytes, start..<end) else {
            throw .malformedTarget
        }
        if end == range.upperBound { return .origin(path: "/", query: nil) }
        if bytes[end] == UInt8(ascii: "/") { return try origin(bytes, end..<range.upperBound) }
        guard case .origin(_, let query) = try origin(bytes, end..<range.upperBound) else { throw .malformedTarget }
        return .origin(path: "/", query: query)
    }
}

/// `uri-host [ ":" port ]`, as in the Host field and in the absolute form (RFC 9110 §7.2).
enum Authority {
    /// Any name is accepted: a balancer sends the address of its node. It may be empty, but not have userinfo.
    static func isValid(_ bytes: Bytes, _ range: Range<Int>) -> Bool {
        var hostEnd = range.lowerBound
        if !range.isEmpty, bytes[hostEnd] == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]"), in: range), close > hostEnd + 1,
                isAddress(bytes, hostEnd + 1..<close)
            else { return false }
            hostEnd = close + 1
        } else {
            hostEnd = bytes.firstIndex(of: Grammar.colon, in: range) ?? range.upperBound
            guard bytes.isEncoded(in: range.lowerBound..<hostEnd, Grammar.isUnreservedOrDelimiter) else { return false }
        }
        if hostEnd == range.upperBound { return true }
        guard bytes[hostEnd] == Grammar.colon else { return false }
        let port = hostEnd + 1..<range.upperBound
        return port.count <= 5 && bytes.allSatisfy(in: port, Grammar.isDigit)
    }

    /// An IPv6 address, with a zone or without one (RFC 3986 §3.2.2, RFC 6874).
    private static func isAddress(_ bytes: Bytes, _ range: Range<Int>) -> Bool {
        if bytes[range.lowerBound] | 0x20 == UInt8(ascii: "v") { return isFutureAddress(bytes, range) }
        let end = bytes.firstIndex(of: UInt8(ascii: "%"), in: range) ?? range.upperBound
        var address = in6_addr()
        return inet_pton(AF_INET6, bytes.string(range.lowerBound..<end), &address) == 1
            && bytes.allSatisfy(in: end..<range.upperBound) {
                Grammar.isUnreservedOrDelimiter($0) || $0 == UInt8(ascii: "%")
            }
    }

    /// A future version of IP (RFC 3986 §3.2.2): `v`, its hexadecimal number, a dot, and the address.
    private static func isFutureAddress(_ bytes: Bytes, _ range: Range<Int>) -> Bool {
        guard let dot = bytes.firstIndex(of: UInt8(ascii: "."), in: range) else { return false }
        let (version, address) = (range.lowerBound + 1..<dot, dot + 1..<range.upperBound)
        return !version.isEmpty && !address.isEmpty && bytes.allSatisfy(in: version) { Grammar.hexValue($0) != nil }
            && bytes.allSatisfy(in: address) { Grammar.isUnreservedOrDelimiter($0) || $0 == Grammar.colon }
    }
}
