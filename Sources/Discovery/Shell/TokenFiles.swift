import Dispatch
package import EventLoop

/// Reads files such as tokens on a queue of its own: reading may block, and nothing that can block runs on the loop.
package struct TokenFiles: Sendable {
    private let loop: EventLoop
    private let queue = DispatchQueue(label: "healthz.tokens")
    private let content: @Sendable (String) -> Result<[UInt8], FileFailure>

    /// - Parameter content: reads a whole file, and may block.
    package init(on loop: EventLoop, content: @escaping @Sendable (String) -> Result<[UInt8], FileFailure>) {
        self.loop = loop
        self.content = content
    }

    /// - Parameter ended: called on the loop, once.
    func read(_ path: String, ended: @escaping @Sendable (Result<[UInt8], FileFailure>) -> Void) {
        queue.async { [loop, content] in
            let result = content(path)
            loop.run { ended(result) }
        }
    }
}
