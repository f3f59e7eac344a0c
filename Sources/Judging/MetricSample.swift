import Health

/// One line of the text format: `name{label="value",…} value timestamp`, and in OpenMetrics `# exemplar` behind it.
struct MetricSample {
    private(set) var labels: [MetricSelector.Label] = []
    let value: Double

    /// nil where the line cannot be read.
    /// - Parameter end: of its name.
    init?(_ line: ArraySlice<UInt8>, behind end: Int) {
        var rest = line[end...].drop(while: MetricSample.isBlank)
        if rest.first == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            guard MetricSample.read(&rest, into: &labels) else { return nil }
        } else if rest.startIndex == end {
            return nil
        }
        guard let value = MetricSample.number(&rest) else { return nil }
        self.value = value
        // A timestamp may follow.
        if !MetricSample.isAtEnd(rest) {
            guard MetricSample.number(&rest) != nil, MetricSample.isAtEnd(rest) else { return nil }
        }
    }

    func matches(_ selector: MetricSelector) -> Bool {
        selector.labels.allSatisfy { labels.contains($0) }
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

    private static func isAtEnd(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.drop(while: isBlank).first.map { $0 == UInt8(ascii: "#") } ?? true
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Double? {
        let number = rest.drop(while: isBlank).prefix { !isBlank($0) }
        rest = rest[number.endIndex...]
        return Double(String(decoding: number, as: UTF8.self))
    }

    /// - Parameter rest: behind the opening brace, and then behind the closing one.
    private static func read(_ rest: inout ArraySlice<UInt8>, into labels: inout [MetricSelector.Label]) -> Bool {
        while true {
            rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: ",") }
            if rest.first == UInt8(ascii: "}") {
                rest = rest.dropFirst()
                return true
            }
            let name = rest.prefix(while: isOfName)
            rest = rest[name.endIndex...].drop(while: isBlank)
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return false }
            rest = rest.drop(while: isBlank)
            guard rest.popFirst() == UInt8(ascii: "\""), let value = quoted(&rest) else { return false }
            labels.append(MetricSelector.Label(name: String(decoding: name, as: UTF8.self), value: value))
        }
    }

    /// Up to the quotation mark that ends it, which is left behind.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return nil
        }
        var bytes = Array(rest[..<end])
        rest = rest[end...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }
}
