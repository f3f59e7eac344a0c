import CCurl
import Glibc
import HTTPClient

/// The checks of a response's head that libcurl does not make: that it is complete, and that it has one length.
struct ResponseHead {
    /// The empty line after the fields of a final response has come. libcurl accepts a close before it as the end.
    private(set) var isComplete = false
    /// Lengths that differ or are invalid: the end of the response is unknown (RFC 9112 §6.3). libcurl uses the
    /// number at the beginning of the last one.
    private(set) var isAmbiguous = false
    /// At most the largest length that libcurl can count.
    private(set) var length: curl_off_t?
    private var isAtStatusLine = true
    /// The fields of the latest response; empty if they are not kept.
    private(set) var fields: [Field] = []
    /// Whether the last field line was kept, for the lines that continue it.
    private var keptLast = false
    private let reading: Request.Reading

    init(_ reading: Request.Reading) {
        self.reading = reading
    }

    /// Whether the input begins like an HTTP response.
    private(set) var hasBegun = false

    /// - Parameters:
    ///   - line: a field line, a status line, or an empty line, each with its line end.
    ///   - status: of the response, as libcurl has it.
    mutating func receive(_ line: UnsafeRawBufferPointer, status: @autoclosure () -> Int) {
        // For each response: interim responses come before the final one. Trailers are ignored.
        if isAtStatusLine {
            length = nil
            if !isComplete { fields = [] }
        }
        let isFirst = isAtStatusLine
        hasBegun = true
        // A line may end with LF only (RFC 9112 §2.2). To libcurl, any line that begins with a line end is the empty
        // line.
        isAtStatusLine = line.first == 13 || line.first == 10
        if isAtStatusLine, ResponseHead.isFinal(status()) { isComplete = true }
        if reading.keepsFields, !isFirst, !isAtStatusLine, !isComplete { keep(line) }
        let name: StaticString = "Content-Length:"
        guard !isComplete, ResponseHead.begins(line, with: name) else { return }
        readLengths(line[name.utf8CodeUnitCount...])
    }

    /// After an unexpected 101, libcurl waits for no other response either.
    private static func isFinal(_ status: Int) -> Bool { status >= 200 || status == 101 }

    private mutating func keep(_ line: UnsafeRawBufferPointer) {
        // A line that begins with a blank continues the line before (RFC 9112 §5.2).
        if let first = line.first, first == 32 || first == 9 {
            guard keptLast, let last = fields.popLast() else { return }
            return fields.append(Field(name: last.name, value: "\(last.value) \(ResponseHead.text(line[...]))"))
        }
        keptLast = false
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isWanted(line[..<colon]) else { return }
        keptLast = true
        let name = String(decoding: line[..<colon], as: UTF8.self)
        fields.append(Field(name: name, value: ResponseHead.text(line[(colon + 1)...])))
    }

    private func isWanted(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard !reading.fieldNames.isEmpty, let start = name.base.baseAddress else { return true }
        return reading.fieldNames.contains {
            $0.utf8.count == name.count && strncasecmp(start, $0, name.count) == 0
        }
    }

    /// Without white space at both ends, such as the line end.
    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// A list of lengths that are all the same is one length.
    private mutating func readLengths(_ value: Slice<UnsafeRawBufferPointer>) {
        var rest = value
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            let found = ResponseHead.length(rest[..<end])
            guard let found, length ?? found == found else { return isAmbiguous = true }
            length = found
            guard end < rest.endIndex else { return }
            rest = rest[(end + 1)...]
        }
    }

    /// nil if it is not a number: only digits are allowed, and white space around them.
    private static func length(_ text: Slice<UnsafeRawBufferPointer>) -> curl_off_t? {
        var number: curl_off_t?
        var hasEnded = false
        for byte in text {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else {
                guard byte == 32 || (9...13).contains(byte) else { return nil }
                hasEnded = number != nil
                continue
            }
            let (tens, overflows) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(curl_off_t(digit))
            guard !hasEnded, !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number
    }

    /// Compares without regard to case.
    private static func begins(_ line: UnsafeRawBufferPointer, with text: StaticString) -> Bool {
        guard let start = line.baseAddress, line.count >= text.utf8CodeUnitCount else { return false }
        return strncasecmp(start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
