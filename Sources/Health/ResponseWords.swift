package import HTTPClient

/// The parts of a response that explain a failure: the target of a redirect, the requested credentials, the beginning
/// of the body. Cut short, and not escaped yet.
package struct ResponseWords: Sendable, Equatable {
    package static let none = ResponseWords()

    /// The fields that are needed.
    package static let fieldNames = ["Location", "WWW-Authenticate"]
    /// The bytes of a body that an excerpt may need.
    package static let keptBody = 4 * (Excerpt.limit + 1)

    /// The target of a redirect.
    package let location: Excerpt?
    /// For a 401: the scheme, and the realm if there is one.
    package let challenge: Excerpt?
    /// nil if the body is empty or encoded.
    package let body: Excerpt?

    package init(location: Excerpt? = nil, challenge: Excerpt? = nil, body: Excerpt? = nil) {
        self.location = location
        self.challenge = challenge
        self.body = body
    }

    /// - Parameter response: with the fields of `fieldNames` and Content-Encoding, and `keptBody` bytes of its body.
    package init(_ response: Response) {
        let isRedirect = (300...399).contains(response.status)
        location = isRedirect ? response.value(of: "Location").map { Excerpt($0) } : nil
        let challenge = response.status == 401 ? response.value(of: "WWW-Authenticate") : nil
        self.challenge = challenge.map { Excerpt(ResponseWords.shortened(challenge: $0)) }
        body = response.contentCoding == nil ? ResponseWords.excerpt(of: response.body) : nil
    }

    /// Without the line end, which most bodies have.
    package static func excerpt(of body: [UInt8]) -> Excerpt? {
        let words = StatusMessage.text(of: body) ?? body[...]
        var text = Substring(String(decoding: words.prefix(keptBody), as: UTF8.self))
        while text.last?.isWhitespace == true { text.removeLast() }
        return text.isEmpty ? nil : Excerpt(quoting: text)
    }

    /// Scheme and realm of the first challenge (RFC 9110 §11.6.1).
    private static func shortened(challenge: String) -> String {
        let scheme = challenge.prefix { $0 != " " && $0 != "," }
        guard let range = challenge.firstRange(of: "realm=") ?? challenge.firstRange(of: "Realm=") else {
            return String(scheme)
        }
        let rest = challenge[range.upperBound...]
        let realm =
            rest.first == "\"" ? rest.dropFirst().prefix { $0 != "\"" } : rest.prefix { $0 != "," && $0 != " " }
        return realm.isEmpty ? String(scheme) : "\(scheme), realm \"\(realm)\""
    }

    /// Such as `answered 503, expected 200: "Application is stopping"`.
    func sentence(_ status: Int, expected: StatusSet) -> String {
        let place = location.map { " to \($0)" } ?? ""
        let asks = challenge.map { " (\($0))" } ?? ""
        return "answered \(status)\(place)\(asks), expected \(expected)" + (body.map { ": \($0)" } ?? "")
    }
}

/// The google.rpc.Status, in Protobuf, with which Loki refuses lines by OpenTelemetry's protocol, even where they came in JSON. No
/// text begins with its bytes.
enum StatusMessage {
    private static let code: UInt8 = 0x08
    private static let message: UInt8 = 0x12

    /// The message alone, as far as the body has it; nil if the body is something else.
    static func text(of body: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = body[...]
        if rest.first == code {
            rest.removeFirst()
            guard number(from: &rest) != nil else { return nil }
        }
        guard rest.popFirst() == message, let length = number(from: &rest) else { return nil }
        return rest.prefix(length)
    }

    /// A varint: seven bits a byte, the lowest first. Three bytes are enough for the length of any body.
    private static func number(from bytes: inout ArraySlice<UInt8>) -> Int? {
        var value = 0
        for shift in [0, 7, 14] {
            guard let byte = bytes.popFirst() else { return nil }
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
