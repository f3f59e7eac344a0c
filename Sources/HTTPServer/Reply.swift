package import HTTPWire

/// A request's answer: at hand, or to be waited for.
package enum Reply: Sendable {
    case now(Response)
    /// Work that ends by calling back on the loop, once, maybe at once. It has deadlines of its own.
    case later(@Sendable (_ answer: @escaping @Sendable (Response) -> Void) -> Void)
}
