import FoundationEssentials

/// JSON texts (RFC 8259) as the registries write and read them.
enum JSONText {
    /// Its members are sorted, so that the same value gives the same bytes.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only numbers that JSON does not have cannot be encoded, and there are none in what is sent.
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    /// nil where it is no JSON, or not of that shape. The decoder itself refuses what is nested too deeply.
    static func decode<Value: Decodable>(_ type: Value.Type, from text: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(text))
    }
}
