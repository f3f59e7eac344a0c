package import Clock
import Dispatch

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

    /// A timer whose time does not come, to be kept. For it, Dispatch opens the descriptor that it waits for time with, which
    /// it otherwise does at the first deadline that is still ahead: where there is none left by then, no deadline ever passes.
    /// Not to be called on the loop.
    package static func holdingDescriptor(on loop: EventLoop) -> LoopTimer {
        let never = LoopTimer(on: loop) {}
        never.wake(by: .now + .seconds(365 * 24 * 3600))
        // Behind it, this one tells that it is in place.
        let done = DispatchSemaphore(value: 0)
        let soon = LoopTimer(on: loop) { done.signal() }
        soon.wake(by: .now + .microseconds(100))
        _ = done.wait(timeout: .now() + 1)
        withExtendedLifetime(soon) {}
        return never
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
