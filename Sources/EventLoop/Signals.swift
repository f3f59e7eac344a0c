import Glibc
import Synchronization

/// Signals of the process, delivered on one loop instead of interrupting it. A process has one of these at a time.
package final class Signals {
    /// What the loop knows of a signal that it is to be told of.
    struct Registration {
        let owner: ObjectIdentifier
        let number: Int32
        let handler: @Sendable (Int32) -> Void
    }

    /// Those that have come and were not delivered yet, a bit each.
    private static let pending = Atomic<UInt64>(0)
    /// That of the loop; -1 where there is none.
    private static let bell = Atomic<Int32>(-1)

    private let loop: EventLoop
    private let former: [(number: Int32, action: sigaction)]

    /// From here on these signals do nothing but call `handler`, on the loop.
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

    /// Runs in whatever the signal has interrupted, so it does next to nothing (signal-safety(7)).
    private static func hasCome(_ number: Int32) {
        let saved = errno
        pending.bitwiseOr(bit(number), ordering: .releasing)
        let bell = bell.load(ordering: .acquiring)
        if bell >= 0 { Epoll.ring(bell) }
        errno = saved
    }

    /// - Returns: whether that signal has come since it was last asked for.
    static func take(_ number: Int32) -> Bool {
        guard pending.load(ordering: .relaxed) & bit(number) != 0 else { return false }
        return pending.bitwiseAnd(~bit(number), ordering: .acquiring).oldValue & bit(number) != 0
    }

    private static func bit(_ number: Int32) -> UInt64 { 1 << UInt64(number - 1) }

    /// A write to a closed connection shall be an error of that write, not the end of the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
