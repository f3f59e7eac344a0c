/// Makes probes. `Probing.TargetProber` is the one that does; tests have others.
package protocol Prober: Sendable {
    /// Probes `target` once. To be called on the event loop.
    /// - Parameters:
    ///   - limit: for all of it. Nobody waits longer, whatever hangs.
    ///   - ended: called on the event loop, once, maybe before this returns.
    func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void)
}
