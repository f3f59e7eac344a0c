import Glibc
package import HTTPClient
import Health
import Sockets

import struct FoundationEssentials.URLComponents

/// Parses URLs of settings and the command line.
package enum Endpoint {
    /// A base URL, to which the path of a probe is appended: it has no query and no fragment.
    static func base(_ text: String) throws(ValueError) -> URL {
        let url = try parse(text, as: [.http, .https])
        guard !text.contains("?") else { throw ValueError("is a base URL and takes no query") }
        return url
    }

    /// `http://…`, `https://…`, `tcp://host:port`, `unix:/path/to/socket` or `unix:/path/to/socket:/request/target`.
    package static func url(_ text: String) throws(ValueError) -> URL {
        guard let rest = text.dropping(prefix: "unix:") else { return try full(text) }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let target = parts.count == 2 ? parts[1] : "/"
        guard ListenAddress.isSocketPath(parts[0]) else {
            throw ValueError("is not unix: and an absolute path of at most 107 bytes")
        }
        guard target.hasPrefix("/"), target.isVisibleASCII else {
            throw ValueError("has a request target that does not begin with / or is not percent-encoded")
        }
        return URL(scheme: .http, host: "localhost", target: target, socketPath: parts[0])
    }

    /// A valid URL as written, with `***` instead of user and password.
    static func name(of text: String) -> String {
        guard let authority = authority(of: text), let at = authority.lastIndex(of: "@") else { return text }
        return "\(text[..<authority.startIndex])***\(text[at...])"
    }

    /// The text with `***` instead of user and password, even if it is not a valid URL.
    package static func withoutCredentials(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let start = text.firstRange(of: "//")?.upperBound ?? text.startIndex
        guard start <= at else { return text }
        return "\(text[..<start])***\(text[at...])"
    }

    /// `http://…`, `https://…`, or `tcp://host:port`.
    /// - Parameter usual: the scheme for the hint if there is none.
    static func full(_ text: String, usual: URL.Scheme = .http) throws(ValueError) -> URL {
        try parse(text, as: [.http, .https, .tcp], usual: usual)
    }

    private static func parse(
        _ text: String, as schemes: [URL.Scheme], usual: URL.Scheme = .http
    ) throws(ValueError) -> URL {
        if let whole = completed(text, usual) { throw ValueError("\(noScheme(schemes)): write \(whole)") }
        guard let parts = URLComponents(string: text, encodingInvalidCharacters: false) else {
            throw ValueError("is not a valid URL")
        }
        let scheme = parts.scheme.flatMap { URL.Scheme(rawValue: $0.lowercased()) }
        guard let scheme, schemes.contains(scheme) else { throw ValueError(noScheme(schemes)) }
        guard let found = parts.host, !withoutBrackets(found).isEmpty else { throw ValueError("names no host") }
        let host = withoutBrackets(found)
        guard isHost(host), host == found || isIPv6(host) else {
            throw ValueError("has a host that is neither a name nor an address")
        }
        guard isPort(in: text) else { throw ValueError("has a port that is not 1 to 65535") }
        guard parts.fragment == nil else { throw ValueError("has a fragment, which is not sent to a server") }
        guard scheme != .tcp else { return try tcp(parts, host) }
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        return URL(
            scheme: scheme, host: host, port: parts.port,
            target: path + (parts.percentEncodedQuery.map { "?\($0)" } ?? ""), credentials: try credentials(parts))
    }

    private static func noScheme(_ schemes: [URL.Scheme]) -> String {
        let list = schemes.map { "\($0.rawValue)://" }
        return "does not begin with \(list.dropLast().joined(separator: ", ")) or \(list.last ?? "")"
    }

    /// The intended URL of a text without a scheme, such as `127.0.0.1:3000`. nil if the text may have a password,
    /// which must not be shown.
    private static func completed(_ text: String, _ scheme: URL.Scheme) -> String? {
        let whole = "\(scheme.rawValue)://\(text)"
        guard !text.contains("//"), !text.contains("@"), (try? parse(whole, as: [scheme])) != nil else { return nil }
        return whole
    }

    private static func tcp(_ parts: URLComponents, _ host: String) throws(ValueError) -> URL {
        guard let port = parts.port, parts.percentEncodedPath.isEmpty, parts.percentEncodedQuery == nil,
            parts.user == nil
        else { throw ValueError("is not tcp:// with only a host and a port") }
        return URL(scheme: .tcp, host: host, port: port, target: "")
    }

    private static func credentials(_ parts: URLComponents) throws(ValueError) -> URL.Credentials? {
        guard parts.user != nil || parts.password != nil else { return nil }
        // RFC 7617: a colon would end the user name.
        guard let user = parts.user, !user.contains(":") else { throw ValueError("has a password but no valid user") }
        return URL.Credentials(user: user, password: parts.password ?? "")
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Read from the text: `URLComponents` ignores a port with many digits.
    private static func isPort(in text: String) -> Bool {
        guard let authority = authority(of: text),
            let end = authority.lastIndex(where: { $0 == "]" || $0 == "@" || $0 == ":" }), authority[end] == ":"
        else { return true }
        return UInt16(digits: authority[authority.index(after: end)...]).map { $0 > 0 } ?? false
    }

    /// User, host and port (RFC 3986 §3.2).
    private static func authority(of text: String) -> Substring? {
        guard let start = text.firstRange(of: "//")?.upperBound else { return nil }
        return text[start...].prefix { !"/?#".contains($0) }
    }

    static func isIPv6(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(host.prefix { $0 != "%" }), &address) == 1
    }

    static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }

    /// A name in ASCII (others in their IDNA form), an IPv4 address, or an IPv6 address with or without a zone.
    static func isHost(_ host: String) -> Bool {
        let isAddress = host.contains(":")
        guard !isAddress || isIPv6(host) else { return false }
        return host.utf8.count <= 255
            && host.utf8.allSatisfy {
                $0.isAlphanumeric || ".-_".utf8.contains($0) || isAddress && ":%".utf8.contains($0)
            }
    }
}
