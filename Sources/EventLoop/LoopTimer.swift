package import Time

/// One alarm of the loop, which an actor on it sets to the earliest of its deadlines.
///
/// It may fire early: the alarm is not moved when the deadline is moved later. The handler must look at its own
/// deadlines, and call `wake(by:)` for the next one.
package final class LoopTimer {
    private let loop: EventLoop
    private let number: Int

    /// To be called on the loop.
    /// - Parameter fire: called on the loop. It may be called once more if the timer is released in the same turn.
    package init(on loop: EventLoop, fire: @escaping @Sendable () -> Void) {
        self.loop = loop
        number = loop.core.assumeIsolated { $0.alarms.add(fire) }
    }

    deinit {
        loop.run { [loop, number] in loop.core.assumeIsolated { $0.alarms.remove(number) } }
    }

    /// Makes sure that the timer fires at `instant` or before it.
    package func wake(by instant: Instant) {
        loop.core.assumeIsolated { [number] in $0.alarms.set(number, by: instant) }
    }
}
