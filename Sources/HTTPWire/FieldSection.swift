import HTTPTypes

/// The header section of a head while it is received, and its framing and connection fields.
struct FieldSection: Sendable {
    /// The offset of the section.
    var start = 0

    private let limit: Int
    private var lines: [FieldLines.Line] = []
    private var hosts = 0
    private var hasLength = false
    private var length = 0
    private var isChunked = false
    private var closes = false
    private var keepsAlive = false
    private var expectsContinue = false
    private var expectsOther = false
    private var matchesNone = false
    private var wantsNone = false

    init(limit: Int) {
        self.limit = limit
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112 §5). Folded lines are refused (§5.2).
    mutating func add(_ line: Range<Int>, in bytes: Bytes) throws(RequestError) {
        guard lines.count < limit else { throw .tooManyFields }
        guard let colon = bytes.firstIndex(of: Grammar.colon, in: line), colon > line.lowerBound,
            bytes.allSatisfy(in: line.lowerBound..<colon, Grammar.isToken),
            bytes.allSatisfy(in: colon + 1..<line.upperBound, Grammar.isFieldValue)
        else { throw .malformedField }
        let name = line.lowerBound..<colon
        let value = bytes.trimmed(colon + 1..<line.upperBound)
        try interpret(name, value, bytes)
        if lines.isEmpty { lines.reserveCapacity(8) }
        lines.append(FieldLines.Line(name: offsets(name), value: offsets(value)))
    }

    /// The complete head, after the empty line.
    func head(_ line: RequestLine, _ bytes: Bytes) throws(RequestError) -> RequestHead {
        guard hosts == 1 || (hosts == 0 && line.version == .http10) else { throw .malformedHost }
        if isChunked, hasLength || line.version == .http10 { throw .conflictingFraming }
        // HTTP/1.0 has no expectations, so they are ignored (RFC 9110 §10.1.1).
        let expects = line.version == .http11
        if expects, expectsOther { throw .expectationFailed }
        let end = lines.last.map { start + Int($0.value.upperBound) } ?? start
        return RequestHead(
            method: line.method, target: line.target, version: line.version,
            framing: isChunked ? .chunked : length > 0 ? .length(length) : .none,
            keepsAlive: !closes && (line.version == .http11 || keepsAlive),
            expectsContinue: expects && expectsContinue,
            precondition: matchesNone ? .failed : wantsNone ? .notModified : .holds,
            fields: FieldLines(bytes: bytes.array(start..<end), lines: lines))
    }

    private func offsets(_ range: Range<Int>) -> Range<UInt16> {
        UInt16(range.lowerBound - start)..<UInt16(range.upperBound - start)
    }

    private mutating func interpret(_ name: Range<Int>, _ value: Range<Int>, _ bytes: Bytes) throws(RequestError) {
        switch name.count {
        case 4 where bytes.matchesIgnoringCase("host", in: name):
            hosts += 1
            guard hosts == 1, Authority.isValid(bytes, value) else { throw .malformedHost }
        case 6 where bytes.matchesIgnoringCase("expect", in: name):
            bytes.forEachElement(in: value) { element in
                if bytes.matchesIgnoringCase("100-continue", in: element) {
                    expectsContinue = true
                } else {
                    expectsOther = true
                }
            }
        case 8 where bytes.matchesIgnoringCase("if-match", in: name):
            if !bytes.matches("*", in: value) { matchesNone = true }
        case 13 where bytes.matchesIgnoringCase("if-none-match", in: name):
            if bytes.matches("*", in: value) { wantsNone = true }
        case 10 where bytes.matchesIgnoringCase("connection", in: name):
            bytes.forEachElement(in: value) { option in
                if bytes.matchesIgnoringCase("close", in: option) { closes = true }
                if bytes.matchesIgnoringCase("keep-alive", in: option) { keepsAlive = true }
            }
        case 14 where bytes.matchesIgnoringCase("content-length", in: name):
            try readLength(value, bytes)
        case 17 where bytes.matchesIgnoringCase("transfer-encoding", in: name):
            try readCodings(value, bytes)
        default:
            break
        }
    }

    private mutating func readLength(_ value: Range<Int>, _ bytes: Bytes) throws(RequestError) {
        // A second Content-Length is refused even if both are equal (RFC 9112 §6.3 allows this).
        guard !hasLength, !value.isEmpty, bytes.allSatisfy(in: value, Grammar.isDigit) else {
            throw .malformedContentLength
        }
        hasLength = true
        for index in value {
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int(bytes[index] - 0x30))
            if overflow || overflow2 { throw .contentTooLarge }
            length = sum
        }
    }

    /// Only `chunked` is accepted. If it is not the last coding, the end of the content is unknown (RFC 9112 §6.3).
    private mutating func readCodings(_ value: Range<Int>, _ bytes: Bytes) throws(RequestError) {
        guard !isChunked else { throw .conflictingFraming }
        var (count, endsInChunked) = (0, false)
        bytes.forEachElement(in: value) { coding in
            count += 1
            endsInChunked = bytes.matchesIgnoringCase("chunked", in: coding)
        }
        guard endsInChunked else { throw .unframedContent }
        guard count == 1 else { throw .unsupportedTransferCoding }
        isChunked = true
    }
}
