/// Sends HTTP requests. `CurlClient` is the implementation; tests have others.
package protocol Client: Sendable {
    /// Sends one request. To be called on the event loop.
    ///
    /// A redirect is not followed, but returned as a response. If a kept connection turns out to be closed, the
    /// request is sent again on a new one.
    /// - Parameters:
    ///   - limit: from the call to the end of the response, name resolution included.
    ///   - ended: called on the event loop, once, at the latest when `limit` is over; maybe before this returns.
    func send(
        _ request: Request, within limit: Duration,
        ended: @escaping @Sendable (Result<Response, TransferFailure>) -> Void)
}
