/// What a response's head says that libcurl does not hold to: that it is complete, and that it gives one length.
struct ResponseHead {
    /// The empty line after the fields of a final response has come: libcurl takes a close before it for the end.
    private(set) var isComplete = false
    /// Lengths that differ, or that are none: nobody knows where the response ends (RFC 9112 §6.3). libcurl takes the
    /// number that the last one begins with.
    private(set) var isAmbiguous = false
    private var length: String?

    /// - Parameters:
    ///   - line: a field line, a status line, or an empty line, each with its line end.
    ///   - status: of the response that it belongs to, as far as libcurl knows.
    mutating func took(_ line: UnsafeRawBufferPointer, status: Int) {
        if line.count == 2, line[0] == 13, line[1] == 10, status >= 200 { isComplete = true }
        // Of each response in turn, as interim ones come before the final one; trailers have no say.
        if line.starts(with: "HTTP/".utf8) { length = nil }
        guard !isComplete, let colon = line.firstIndex(of: UInt8(ascii: ":")),
            line[..<colon].elementsEqual("content-length".utf8, by: { $0 | 0x20 == $1 | 0x20 })
        else { return }
        readLengths(String(decoding: line[(colon + 1)...], as: UTF8.self))
    }

    /// A list of lengths that are all the same is one length.
    private mutating func readLengths(_ value: String) {
        for element in value.split(separator: ",", omittingEmptySubsequences: false) {
            let words = element.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 1, words[0].utf8.allSatisfy({ $0 &- 0x30 < 10 }), length ?? words[0] == words[0] else {
                isAmbiguous = true
                return
            }
            length = words[0]
        }
    }
}
