import FoundationEssentials
import Health

/// Reads single values out of a JSON text (RFC 8259).
enum JSONDocument {
    enum Value: Equatable {
        case absent
        case scalar(JSONScalar)
        case object([String: Value])
        case array([Value])
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
        return try Tree(from: place).value
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
}

/// A value with all that is in it.
private struct Tree: Decodable {
    let value: JSONDocument.Value

    init(from decoder: any Decoder) throws {
        value = try Tree.scalar(decoder).map { .scalar($0) } ?? Tree.collection(decoder)
    }

    private static func scalar(_ decoder: any Decoder) throws -> JSONScalar? {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() { return .null }
        if let text = try? single.decode(String.self) { return .string(text) }
        // Numbers are more frequent than booleans, and a failed decode takes ten times as long as a successful one.
        if let number = try? single.decode(Double.self) { return .number(number) }
        return (try? single.decode(Bool.self)).map { .bool($0) }
    }

    private static func collection(_ decoder: any Decoder) throws -> JSONDocument.Value {
        if var array = try? decoder.unkeyedContainer() {
            var elements: [JSONDocument.Value] = []
            while !array.isAtEnd { elements.append(try array.decode(Tree.self).value) }
            return .array(elements)
        }
        let object = try decoder.container(keyedBy: Name.self)
        var members: [String: JSONDocument.Value] = [:]
        // In order, so that of several members that cannot be read it is always the same that is told of.
        for name in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            members[name.stringValue] = try object.decode(Tree.self, forKey: name).value
        }
        return .object(members)
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
