package import Health

/// Keeps one registration true: the shell round a registrar. All of it is to be called on the loop.
package protocol Keeper: Sendable {
    func begin()
    /// A check has ended.
    /// - Parameter output: the report as text, for registries that show it.
    func judged(_ status: HealthStatus, output: String)
    /// The process is about to end, and still answers.
    func drain()
    /// Draining is over.
    func drainEnded()
    /// The process ends now, whatever is out.
    func end()
    /// Nothing is left to be done.
    var isGone: Bool { get }
    var figures: DiscoveryFigures { get }
}

/// Something about a registration is another than before.
package struct KeeperEvent: Sendable, Equatable {
    package let provider: String
    package let service: String
    /// What to say of it; nil where there is nothing to be said.
    package let note: RegistrarNote?

    package init(provider: String, service: String, note: RegistrarNote?) {
        (self.provider, self.service, self.note) = (provider, service, note)
    }
}
