/// Text that no description, log line or page may show: whoever prints it, or what holds it, sees a mark in its place.
package struct Secret: Sendable, Hashable {
    /// For a request that is about to be sent, and for nothing else.
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
    /// Without it, `dump` and the description of whatever holds it would show the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
