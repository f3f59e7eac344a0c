/// The encoded labels of a sample, shared by all samples with these labels: `service="loki",status="healthy"`.
struct Labels: Sendable, Hashable {
    static let none = Labels(bytes: [])

    let bytes: [UInt8]

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ name: StaticString, _ value: String) {
        self = Labels.none.and(name, value)
    }

    /// These labels and one more.
    func and(_ name: StaticString, _ value: String) -> Labels {
        var bytes = bytes
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "=\"".utf8)
        Labels.append(escaping: value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        return Labels(bytes: bytes)
    }

    /// Both formats require a backslash before exactly these characters.
    private static func append(escaping text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            default: bytes.append(byte)
            }
        }
    }
}
