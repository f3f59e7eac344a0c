import Health

/// Writes JSON (RFC 8259) with members in a given order, so that an answer begins with its verdict: `JSONEncoder` can
/// only sort members or leave their order undefined.
///
/// It writes bytes: appending to a String takes ten times as long, and a report is encoded for every check.
struct JSONWriter {
    private var output: [UInt8] = []
    /// The number of levels from here on with a line for each item; deeper items share a line.
    private var expanded: Int
    private var depth = 0
    /// Nothing has been written in this object or array yet.
    private var isFirst = true

    private init(expanded: Int) {
        self.expanded = expanded
        output.reserveCapacity(1024)
    }

    /// The text of an object, with the outer `expanded` levels on lines of their own and the rest on one line.
    static func object(expanded: Int, _ members: (inout JSONWriter) -> Void) -> String {
        // The level around the object has no items.
        var writer = JSONWriter(expanded: expanded + 1)
        writer.nest("{", "}", onOneLine: false, members)
        return String(decoding: writer.output, as: UTF8.self)
    }

    mutating func member(_ name: String, _ value: String) {
        begin(name)
        write(value)
    }

    mutating func member(_ name: String, _ value: Int) {
        begin(name)
        output.append(contentsOf: String(value).utf8)
    }

    mutating func member(_ name: String, _ value: Bool) {
        begin(name)
        output.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// With one decimal.
    mutating func member(_ name: String, decimal value: Double) {
        begin(name)
        let tenths = Int((value * 10).rounded())
        output.append(contentsOf: String(tenths / 10).utf8)
        output.append(UInt8(ascii: "."))
        output.append(UInt8(ascii: "0") + UInt8(abs(tenths % 10)))
    }

    mutating func member(_ name: String, _ values: [String]) {
        array(name) { array in
            for value in values {
                array.separate()
                array.write(value)
            }
        }
    }

    mutating func object(_ name: String, onOneLine: Bool = false, _ members: (inout JSONWriter) -> Void) {
        begin(name)
        nest("{", "}", onOneLine: onOneLine, members)
    }

    mutating func array(_ name: String, _ items: (inout JSONWriter) -> Void) {
        begin(name)
        nest("[", "]", onOneLine: false, items)
    }

    /// An item of an array.
    mutating func object(_ members: (inout JSONWriter) -> Void) {
        separate()
        nest("{", "}", onOneLine: false, members)
    }

    private mutating func nest(
        _ start: Unicode.Scalar, _ end: Unicode.Scalar, onOneLine: Bool, _ items: (inout JSONWriter) -> Void
    ) {
        let outer = expanded
        output.append(UInt8(ascii: start))
        (expanded, depth, isFirst) = (onOneLine ? 0 : max(0, outer - 1), depth + 1, true)
        items(&self)
        depth -= 1
        if expanded > 0, !isFirst { breakLine() }
        output.append(UInt8(ascii: end))
        (expanded, isFirst) = (outer, false)
    }

    private mutating func begin(_ name: String) {
        separate()
        write(name)
        output.append(UInt8(ascii: ":"))
        output.append(UInt8(ascii: " "))
    }

    /// Writes the separator before an item.
    private mutating func separate() {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        if expanded > 0 {
            breakLine()
        } else if !isFirst {
            output.append(UInt8(ascii: " "))
        }
        isFirst = false
    }

    private mutating func breakLine() {
        output.append(UInt8(ascii: "\n"))
        for _ in 0..<depth { output.append(contentsOf: "  ".utf8) }
    }

    private mutating func write(_ text: String) {
        output.append(UInt8(ascii: "\""))
        let wasPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
            guard bytes.allSatisfy(JSONWriter.isPlain) else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if wasPlain != true {
            for scalar in text.unicodeScalars { write(scalar) }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether the byte is a character that needs no escape.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": output.append(contentsOf: "\\\"".utf8)
        case "\\": output.append(contentsOf: "\\\\".utf8)
        case "\n": output.append(contentsOf: "\\n".utf8)
        case "\r": output.append(contentsOf: "\\r".utf8)
        case "\t": output.append(contentsOf: "\\t".utf8)
        case _ where Printable.isControl(scalar):
            let hex = String(scalar.value, radix: 16)
            output.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
        default: output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }
}

/// An object on one line, for logs.
package enum JSONLine {
    package enum Value: Sendable {
        case text(String)
        case integer(Int)
        /// Written with one decimal.
        case decimal(Double)
    }

    package static func encode(_ members: [(name: String, value: Value)]) -> String {
        JSONWriter.object(expanded: 0) { object in
            for (name, value) in members {
                switch value {
                case .text(let text): object.member(name, text)
                case .integer(let number): object.member(name, number)
                case .decimal(let number): object.member(name, decimal: number)
                }
            }
        }
    }
}
