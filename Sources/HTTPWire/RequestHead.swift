package import HTTPTypes

/// A valid request line and header section (RFC 9112 §3, §5), and their meaning for the connection.
package struct RequestHead: Sendable, Hashable {
    package enum Version: Sendable, Hashable {
        case http10, http11
    }

    /// How the end of the request's content is found (RFC 9112 §6.3).
    package enum Framing: Sendable, Hashable {
        case none
        case length(Int)
        case chunked
    }

    /// The result of If-Match and If-None-Match (RFC 9110 §13.1). No resource has an entity tag, so the head alone
    /// decides.
    package enum Precondition: Sendable, Hashable {
        case holds
        /// The client wants a response only if there is no representation yet.
        case notModified
        /// The client wants a response only for a representation that this resource does not have.
        case failed
    }

    package let method: HTTPRequest.Method
    package let target: RequestTarget
    package let version: Version
    package let framing: Framing
    /// The client leaves the connection open for another request (RFC 9112 §9.3).
    package let keepsAlive: Bool
    /// The client sends its content after a 100 (RFC 9110 §10.1.1).
    package let expectsContinue: Bool
    package let precondition: Precondition
    package let fields: FieldLines
}

/// The target of a request. The absolute form is read as its origin form (RFC 9112 §3.2.2).
package enum RequestTarget: Sendable, Hashable {
    /// Both percent-encoded, as received; the path begins with "/".
    case origin(path: String, query: String?)
    /// `OPTIONS *`: the server as a whole.
    case asterisk
}

/// The field lines of a head: the received bytes, and the offsets of names and values.
package struct FieldLines: Sendable, Hashable {
    /// Offsets into `bytes`: a head is far smaller than 64 KiB.
    struct Line: Sendable, Hashable {
        let name: Range<UInt16>
        let value: Range<UInt16>
    }

    private let bytes: [UInt8]
    private let lines: [Line]

    init(bytes: [UInt8], lines: [Line]) {
        self.bytes = bytes
        self.lines = lines
    }

    package var count: Int { lines.count }

    /// The values of all lines with that name, joined by ", " (RFC 9110 §5.3); nil if there is none.
    package subscript(name: HTTPField.Name) -> String? {
        var found: String?
        for line in lines where isName(name.canonicalName, line.name) {
            let value = String(decoding: bytes[Range(line.value)], as: UTF8.self)
            found = found.map { "\($0), \(value)" } ?? value
        }
        return found
    }

    private func isName(_ lowercase: String, _ range: Range<UInt16>) -> Bool {
        guard range.count == lowercase.utf8.count else { return false }
        return zip(bytes[Range(range)], lowercase.utf8).allSatisfy { byte, expected in
            byte == expected || (byte &- 0x41 < 26 && byte | 0x20 == expected)
        }
    }
}

extension Range<Int> {
    fileprivate init(_ range: Range<UInt16>) {
        self = Int(range.lowerBound)..<Int(range.upperBound)
    }
}
