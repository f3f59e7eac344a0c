import Glibc
import Synchronization

/// Signals of the process, delivered on a loop instead of interrupting the process. There is only one instance at a
/// time.
package final class Signals {
    /// A signal that the loop delivers.
    struct Registration {
        let owner: ObjectIdentifier
        let number: Int32
        let handler: @Sendable (Int32) -> Void
    }

    /// Signals that have come and are not delivered yet, one bit each.
    private static let pending = Atomic<UInt64>(0)
    /// The bell of the loop; -1 if there is none.
    private static let bell = Atomic<Int32>(-1)

    private let loop: EventLoop
    private let former: [(number: Int32, action: sigaction)]

    /// From now on these signals only call `handler`, on the loop.
    package init(_ numbers: [Int32], on loop: EventLoop, handler: @escaping @Sendable (Int32) -> Void) {
        self.loop = loop
        if case .success(let epoll) = loop.core.epoll { Signals.bell.store(epoll.bell, ordering: .releasing) }
        Signals.pending.store(0, ordering: .relaxed)
        former = numbers.map { number in
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { Signals.hasCome($0) }
            action.sa_flags = SA_RESTART
            var former = sigaction()
            sigaction(number, &action, &former)
            return (number, former)
        }
        let registrations = numbers.map { Registration(owner: ObjectIdentifier(self), number: $0, handler: handler) }
        loop.run { loop.core.assumeIsolated { $0.signals += registrations } }
    }

    deinit {
        for (number, var action) in former { sigaction(number, &action, nil) }
        Signals.bell.store(-1, ordering: .releasing)
        let owner = ObjectIdentifier(self)
        loop.run { [loop] in loop.core.assumeIsolated { $0.signals.removeAll { $0.owner == owner } } }
    }

    /// May interrupt any code, so it does very little (signal-safety(7)).
    private static func hasCome(_ number: Int32) {
        let saved = errno
        pending.bitwiseOr(bit(number), ordering: .releasing)
        let bell = bell.load(ordering: .acquiring)
        if bell >= 0 { Epoll.ring(bell) }
        errno = saved
    }

    /// - Returns: whether the signal has come since the last call.
    static func take(_ number: Int32) -> Bool {
        guard pending.load(ordering: .relaxed) & bit(number) != 0 else { return false }
        return pending.bitwiseAnd(~bit(number), ordering: .acquiring).oldValue & bit(number) != 0
    }

    private static func bit(_ number: Int32) -> UInt64 { 1 << UInt64(number - 1) }

    /// A write to a closed connection must return an error, and not end the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
