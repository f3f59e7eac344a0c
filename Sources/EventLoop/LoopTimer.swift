import Dispatch
package import Time

/// One Dispatch timer that an actor on the loop sets to the earliest of its deadlines.
///
/// It may fire early: moving a deadline later costs nothing, as the timer is left as it stands and set anew when
/// it has fired. Whoever is called looks at its own deadlines and calls `wake(by:)` for what is still ahead.
package final class LoopTimer {
    private let source: any DispatchSourceTimer
    private var armed: Instant?

    /// - Parameter fire: called on the loop; it must call `fired()` first, if it sets the timer again.
    package init(on loop: EventLoop, fire: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: loop.queue)
        source.setEventHandler(handler: fire)
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// Makes sure that the timer fires at `instant` or before it.
    package func wake(by instant: Instant, now: Instant = .now) {
        if let armed, armed <= instant { return }
        armed = instant
        let delay = max(.zero, instant - now)
        source.schedule(deadline: .now() + .nanoseconds(Int(delay.wholeNanoseconds)))
    }

    package func fired() {
        armed = nil
    }
}

/// The descriptor that Dispatch waits for time with, which it otherwise opens at the first deadline that is still ahead: where
/// there is none left by then, no deadline ever passes. To be kept.
package final class HeldClock {
    /// Its time does not come.
    private let never: LoopTimer
    private let soon: LoopTimer
    private let isOpen = DispatchSemaphore(value: 0)

    package init(on loop: EventLoop) {
        never = LoopTimer(on: loop) {}
        never.wake(by: .now + .seconds(365 * 24 * 3600))
        // Behind it, this one tells that it is in place.
        soon = LoopTimer(on: loop) { [isOpen] in isOpen.signal() }
        soon.wake(by: .now + .microseconds(100))
    }

    /// Waits until it is open, for a second at most. To be called once, and not on the loop.
    package func wait() {
        _ = isOpen.wait(timeout: .now() + 1)
    }
}
