import Dispatch

/// One Dispatch timer that an actor on the loop sets to the earliest of its deadlines.
///
/// It may fire early: moving a deadline later costs nothing, as the timer is left as it stands and set anew when
/// it has fired. Whoever is called looks at its own deadlines and calls `wake(by:)` for what is still ahead.
package final class LoopTimer {
    private let source: any DispatchSourceTimer
    private var armed: ContinuousClock.Instant?

    /// - Parameter fire: called on the loop; it must call `fired()` first.
    package init(on loop: EventLoop, fire: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: loop.queue)
        source.setEventHandler(handler: fire)
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// Makes sure that the timer fires at `instant` or before it.
    package func wake(by instant: ContinuousClock.Instant, now: ContinuousClock.Instant = .now) {
        if let armed, armed <= instant { return }
        armed = instant
        let delay = max(.zero, instant - now)
        source.schedule(deadline: .now() + .nanoseconds(delay.wholeNanoseconds))
    }

    package func fired() {
        armed = nil
    }
}

extension Duration {
    /// For Dispatch, which counts in nanoseconds; longer than 292 years is cut to that.
    fileprivate var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : Int(product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue)
    }
}
