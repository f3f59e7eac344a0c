/// Makes probes. `Probing.TargetProber` is the implementation; tests have others.
package protocol Prober: Sendable {
    /// Probes `target` once. To be called on the event loop.
    /// - Parameters:
    ///   - limit: of the whole probe. `ended` is never called later, even if something hangs.
    ///   - ended: called on the event loop, once, maybe before this returns.
    func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void)
}
