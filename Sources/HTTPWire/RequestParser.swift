package import HTTPTypes

/// Reads a request head line by line as the input comes, and refuses violations of RFC 9112 instead of repairing
/// them. It is strict where the RFC leaves a choice: through leniency, two parsers come to disagree on framing.
package struct RequestParser: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Request line and header section together, with their line ends.
        package var headBytes = 8192
        /// At least 8,000 is what RFC 9112 §3 recommends.
        package var requestLineBytes = 8000
        package var fieldLines = 64

        package init() {}
    }

    private let limits: Limits
    private var scanned = 0
    private var lineStart = 0
    private var headStart = 0
    private var requestLine: RequestLine?
    private var section: FieldSection
    /// Whether the request line begins with HEAD: then a refusal has no content.
    private var isForHead = false

    package init(limits: Limits = Limits()) {
        self.limits = limits
        section = FieldSection(limit: limits.fieldLines)
    }

    /// nil until it is known.
    package var method: HTTPRequest.Method? { isForHead ? .head : requestLine?.method }

    /// The head and its length in bytes; nil if more bytes are needed.
    /// - Parameter bytes: all bytes since the head began. Each call must begin with the same bytes.
    package mutating func parse(_ bytes: Span<UInt8>) throws(RequestError) -> (head: RequestHead, length: Int)? {
        defer { noteHead(bytes) }
        while let lineFeed = bytes.firstIndex(of: Grammar.lineFeed, in: scanned..<bytes.count) {
            try checkSize(lineFeed + 1)
            guard lineFeed > lineStart, bytes[lineFeed - 1] == Grammar.carriageReturn else {
                throw .malformedLineEnd
            }
            let line = lineStart..<lineFeed - 1
            scanned = lineFeed + 1
            lineStart = scanned
            if let requestLine {
                if line.isEmpty { return (try section.head(requestLine, bytes), lineStart) }
                try section.add(line, in: bytes)
            } else if line.isEmpty {
                // One empty line before the request line is ignored (RFC 9112 §2.2).
                guard headStart == 0 else { throw .malformedRequestLine }
                headStart = lineStart
            } else {
                requestLine = try RequestLine(bytes, line)
                section.start = lineStart
            }
        }
        scanned = bytes.count
        try checkStart(bytes)
        try checkSize(bytes.count)
        return nil
    }

    private mutating func noteHead(_ bytes: Span<UInt8>) {
        guard requestLine == nil, bytes.count >= headStart + 5 else { return }
        isForHead = bytes.matches("HEAD ", in: headStart..<headStart + 5)
    }

    /// Input that cannot become a request line (such as a TLS handshake) is refused before the end of the line.
    private func checkStart(_ bytes: Span<UInt8>) throws(RequestError) {
        guard requestLine == nil, lineStart < bytes.count else { return }
        let first = bytes[lineStart]
        guard Grammar.isToken(first) || first == Grammar.carriageReturn else { throw .malformedRequestLine }
    }

    private func checkSize(_ end: Int) throws(RequestError) {
        if requestLine == nil, end - lineStart > limits.requestLineBytes + 2 { throw .requestLineTooLong }
        if end - headStart > limits.headBytes { throw .headTooLarge }
    }
}
