/// A field of a request or a response: its name and its value.
package struct Field: Sendable, Hashable {
    package let name: String
    /// May be a secret.
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Whether it can be sent: the name is a token, and the value has no control characters (RFC 9110 §5.5). A line
    /// break in a value would begin another field.
    package var isValid: Bool {
        name.isToken && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
