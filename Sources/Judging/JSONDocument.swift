import FoundationEssentials
import Health

/// Reads single values out of a JSON text (RFC 8259).
enum JSONDocument {
    enum Value: Equatable {
        case absent
        case scalar(JSONScalar)
        case object, array
    }

    struct Failure: Error {
        let detail: String
    }

    /// Deeper nesting is refused: whoever reads it recurses.
    static let depthLimit = 64

    /// The values, in the order of the pointers.
    static func values(at pointers: [JSONPointer], in text: [UInt8]) throws(Failure) -> [Value] {
        guard !isTooDeep(text) else { throw Failure(detail: "nested deeper than \(depthLimit) levels") }
        let decoder = JSONDecoder()
        if let key = Reading.pointers { decoder.userInfo[key] = pointers }
        do {
            return try decoder.decode(Reading.self, from: Data(text)).values
        } catch DecodingError.dataCorrupted(let context) {
            throw Failure(detail: context.underlyingError.map(JSONDocument.words) ?? context.debugDescription)
        } catch {
            throw Failure(detail: "it cannot be read")
        }
    }

    private static func words(_ error: any Error) -> String {
        // The parser's own words, such as "Unexpected end of file", stand in the error's user information.
        (error as? CocoaError)?.userInfo["NSDebugDescription"] as? String ?? "malformed"
    }

    private static func isTooDeep(_ text: [UInt8]) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth > depthLimit { return true }
        }
        return false
    }
}

/// What a decoder finds at the pointers that it was given.
private struct Reading: Decodable {
    static let pointers = CodingUserInfoKey(rawValue: "pointers")

    let values: [JSONDocument.Value]

    init(from decoder: any Decoder) throws {
        let pointers = Reading.pointers.flatMap { decoder.userInfo[$0] } as? [JSONPointer] ?? []
        values = try pointers.map { try Reading.value(at: $0, from: decoder) }
    }

    private static func value(at pointer: JSONPointer, from decoder: any Decoder) throws -> JSONDocument.Value {
        var place = decoder
        for token in pointer.tokens {
            guard let next = step(token, from: place) else { return .absent }
            place = next
        }
        return try value(place)
    }

    private static func step(_ token: String, from decoder: any Decoder) -> (any Decoder)? {
        if let object = try? decoder.container(keyedBy: Name.self) {
            let name = Name(stringValue: token)
            return object.contains(name) ? try? object.superDecoder(forKey: name) : nil
        }
        guard var array = try? decoder.unkeyedContainer(), let index = JSONPointer.index(token) else { return nil }
        var element: (any Decoder)?
        for _ in 0...index {
            guard !array.isAtEnd else { return nil }
            element = try? array.superDecoder()
        }
        return element
    }

    private static func value(_ decoder: any Decoder) throws -> JSONDocument.Value {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() { return .scalar(.null) }
        if let text = try? single.decode(String.self) { return .scalar(.string(text)) }
        if let flag = try? single.decode(Bool.self) { return .scalar(.bool(flag)) }
        if let number = try? single.decode(Double.self) { return .scalar(.number(number)) }
        return (try? decoder.unkeyedContainer()) != nil ? .array : .object
    }
}

/// The name of a member, whatever it is.
private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}
