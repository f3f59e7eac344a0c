/// A text that descriptions, logs and pages must not show: they show a mark in its place.
package struct Secret: Sendable, Hashable {
    /// Only for a request that is about to be sent.
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
    /// Without it, `dump` and descriptions of its owner would show the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
