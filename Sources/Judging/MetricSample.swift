import Health

/// One line of the text format: `name{label="value",…} value timestamp`, and in OpenMetrics `# exemplar` behind it. It holds
/// places in a text and no copies, as most lines are looked at once.
struct MetricSample {
    /// From the name to the closing brace.
    let series: Range<Int>
    /// Behind the opening brace, with the closing one.
    private let labels: Range<Int>
    let value: Double

    /// The end of the name that the line begins with.
    static func nameEnd(_ text: Span<UInt8>, _ line: Range<Int>) -> Int {
        var end = line.lowerBound
        while end < line.upperBound, isOfName(text[end]) { end += 1 }
        return end
    }

    /// nil where the line cannot be read.
    init?(_ text: Span<UInt8>, _ line: Range<Int>, nameEnd: Int) {
        var reader = SampleReader(at: nameEnd, end: line.upperBound)
        let isApart = reader.skipBlanks(text)
        var (series, labels) = (line.lowerBound..<nameEnd, nameEnd..<nameEnd)
        if reader.skip(UInt8(ascii: "{"), text) {
            let start = reader.at
            guard reader.skipLabels(text) else { return nil }
            (series, labels) = (line.lowerBound..<reader.at, start..<reader.at)
        } else if !isApart {
            return nil
        }
        guard let value = reader.number(text) else { return nil }
        // A timestamp may follow.
        if !reader.isAtEnd(text) {
            guard reader.number(text) != nil, reader.isAtEnd(text) else { return nil }
        }
        (self.series, self.labels, self.value) = (series, labels, value)
    }

    func matches(_ selector: MetricSelector, _ text: Span<UInt8>) -> Bool {
        selector.labels.allSatisfy { wanted in
            var reader = SampleReader(at: labels.lowerBound, end: labels.upperBound)
            while let label = reader.label(text) {
                if MetricSample.isEqual(text, label.name, wanted.name), reader.hasValue(label.value, wanted.value, text)
                {
                    return true
                }
            }
            return false
        }
    }

    static func isEqual(_ text: Span<UInt8>, _ range: Range<Int>, _ wanted: String) -> Bool {
        guard range.count == wanted.utf8.count else { return false }
        var index = range.lowerBound
        for byte in wanted.utf8 {
            guard text[index] == byte else { return false }
            index += 1
        }
        return true
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

/// Goes through a line from left to right.
private struct SampleReader {
    private(set) var at: Int
    let end: Int

    init(at: Int, end: Int) {
        self.at = at
        self.end = end
    }

    /// - Returns: whether there was a blank, or the end.
    mutating func skipBlanks(_ text: Span<UInt8>) -> Bool {
        let start = at
        while at < end, MetricSample.isBlank(text[at]) { at += 1 }
        return at > start || at == end
    }

    mutating func skip(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard at < end, text[at] == byte else { return false }
        at += 1
        return true
    }

    func isAtEnd(_ text: Span<UInt8>) -> Bool {
        var copy = self
        _ = copy.skipBlanks(text)
        return copy.at == end || text[copy.at] == UInt8(ascii: "#")
    }

    mutating func number(_ text: Span<UInt8>) -> Double? {
        _ = skipBlanks(text)
        let start = at
        while at < end, !MetricSample.isBlank(text[at]) { at += 1 }
        return Double(String(text, start..<at))
    }

    /// Goes behind the closing brace.
    mutating func skipLabels(_ text: Span<UInt8>) -> Bool {
        while label(text) != nil {}
        return skip(UInt8(ascii: "}"), text)
    }

    /// The next label, its value as it is written between its quotation marks; nil where there is none, or it cannot be read.
    mutating func label(_ text: Span<UInt8>) -> (name: Range<Int>, value: Range<Int>)? {
        repeat { _ = skipBlanks(text) } while skip(UInt8(ascii: ","), text)
        let name = at..<MetricSample.nameEnd(text, at..<end)
        at = name.upperBound
        _ = skipBlanks(text)
        guard !name.isEmpty, skip(UInt8(ascii: "="), text) else { return nil }
        _ = skipBlanks(text)
        guard skip(UInt8(ascii: "\""), text) else { return nil }
        let start = at
        while at < end, text[at] != UInt8(ascii: "\"") { at += text[at] == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < end else { return nil }
        at += 1
        return (name, start..<at - 1)
    }

    /// Whether what is written there stands for `wanted`: `\n` is a line feed, and `\` before anything else is nothing.
    func hasValue(_ range: Range<Int>, _ wanted: String, _ text: Span<UInt8>) -> Bool {
        var index = range.lowerBound
        for byte in wanted.utf8 {
            guard index < range.upperBound else { return false }
            var found = text[index]
            if found == UInt8(ascii: "\\") {
                index += 1
                found = text[index] == UInt8(ascii: "n") ? 0x0A : text[index]
            }
            guard found == byte else { return false }
            index += 1
        }
        return index == range.upperBound
    }
}

extension String {
    /// What is not UTF-8 is read as U+FFFD.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        self.init(unsafeUninitializedCapacity: range.count) { bytes in
            for (offset, index) in range.enumerated() { bytes.initializeElement(at: offset, to: text[index]) }
            return range.count
        }
    }
}
