/// Sends the response to a request whose handler has returned nil.
package protocol Reply: Sendable {
    /// Must be called once, on the server's loop. A second call does nothing.
    func send(_ response: Response)
}
