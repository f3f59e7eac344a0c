/// A range of bytes in a buffer, read in place.
typealias Bytes = Span<UInt8>

extension Span<UInt8> {
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    func allSatisfy(in range: Range<Int>, _ condition: (UInt8) -> Bool) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            guard condition(self[index]) else { return false }
            index += 1
        }
        return true
    }

    /// `range` without the spaces and tabs at its ends (OWS of RFC 9110 §5.6.3).
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, Grammar.isBlank(self[low]) { low += 1 }
        while high > low, Grammar.isBlank(self[high - 1]) { high -= 1 }
        return low..<high
    }

    /// Calls `body` with each element of a list, without empty elements (RFC 9110 §5.6.1.2).
    func forEachElement(in list: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = list.lowerBound
        while start < list.upperBound {
            let end = firstIndex(of: UInt8(ascii: ","), in: start..<list.upperBound) ?? list.upperBound
            let element = trimmed(start..<end)
            if !element.isEmpty { body(element) }
            start = end + 1
        }
    }

    /// Whether the bytes are equal to `text`.
    func matches(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count where self[range.lowerBound + offset] != text.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Whether the bytes are equal to `lowercase` (without capitals), without regard to case.
    func matchesIgnoringCase(_ lowercase: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count {
            let byte = self[range.lowerBound + offset]
            let folded = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if folded != lowercase.utf8Start[offset] { return false }
        }
        return true
    }

    func string(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// Whether every byte is allowed or belongs to a complete percent-encoding (RFC 3986 §2.1).
    func isEncoded(in range: Range<Int>, _ allowed: (UInt8) -> Bool) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index] == UInt8(ascii: "%") {
                guard index + 2 < range.upperBound, Grammar.hexValue(self[index + 1]) != nil,
                    Grammar.hexValue(self[index + 2]) != nil
                else { return false }
                index += 3
            } else {
                guard allowed(self[index]) else { return false }
                index += 1
            }
        }
        return true
    }
}
