/// Sends the response to one request whose handler has returned without a response.
package protocol Reply: Sendable {
    /// Must be called once, on the server's loop. A second call does nothing.
    func send(_ response: Response)
}
