import FoundationEssentials

/// JSON texts (RFC 8259) for the registries.
enum JSONText {
    /// With sorted members, so that equal values give equal bytes.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only numbers that JSON cannot express fail, and the registries get none.
        return (try? encoder.encode(value)).map(Array.init) ?? []
    }

    /// nil if it is not JSON, or has another shape. The decoder refuses deep nesting.
    static func decode<Value: Decodable>(_ type: Value.Type, from text: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(text))
    }
}
