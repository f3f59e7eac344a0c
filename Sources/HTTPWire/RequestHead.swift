package import HTTPTypes

/// A valid request line and header section (RFC 9112 §3, §5), with what they say of the connection.
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

    /// What If-Match and If-None-Match come to (RFC 9110 §13.1). No resource here has an entity tag, so the head alone
    /// says it.
    package enum Precondition: Sendable, Hashable {
        case holds
        /// The client wants an answer only where there is nothing yet.
        case notModified
        /// The client wants an answer only of a representation that is none of this resource.
        case failed
    }

    package let method: HTTPRequest.Method
    package let target: RequestTarget
    package let version: Version
    package let framing: Framing
    /// The client leaves the connection open for another request (RFC 9112 §9.3).
    package let keepsAlive: Bool
    /// The client holds its content back until it is asked for it (RFC 9110 §10.1.1).
    package let expectsContinue: Bool
    package let precondition: Precondition
    package let fields: FieldLines
}

/// What a request is for. The absolute form is read as the origin form it stands for (RFC 9112 §3.2.2).
package enum RequestTarget: Sendable, Hashable {
    /// Both percent-encoded, as they came; the path begins with "/".
    case origin(path: String, query: String?)
    /// `OPTIONS *`: the server as a whole.
    case asterisk
}

/// The field lines of one head: the bytes as they came, and where the names and values stand in them.
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

    /// The values of all lines of that name, joined by ", " (RFC 9110 §5.3); nil where there is none.
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
