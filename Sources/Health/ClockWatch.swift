import Time

/// Notices that the wall clock has been set. The times of services then move with it, so that they are as long ago as before: a
/// machine that starts without the right time is not healthy "for 10950 d" when it gets it.
struct ClockWatch {
    /// The two clocks are read one after the other, and the process may be stopped in between.
    private static let tolerance = Duration.seconds(1)

    private var last: Moment?

    /// - Returns: by how much the wall clock has been set since the last step, or the first call; nil if it has not been set.
    mutating func step(at now: Moment) -> Duration? {
        guard let before = last else {
            last = now
            return nil
        }
        let byWall = Duration.milliseconds(now.timestamp.milliseconds - before.timestamp.milliseconds)
        let step = byWall - (now.instant - before.instant)
        guard step.magnitude >= ClockWatch.tolerance else { return nil }
        last = now
        return step
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}

extension Timestamp {
    /// The same time by a wall clock that has been set by `step`.
    func moved(by step: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + Int64(step.milliseconds))
    }
}

extension Observation {
    func moved(by step: Duration) -> Observation {
        Observation(
            startedAt: startedAt.moved(by: step), duration: duration, httpStatus: httpStatus, verdict: verdict)
    }
}

extension Moment {
    func moved(by step: Duration) -> Moment {
        Moment(instant: instant, timestamp: timestamp.moved(by: step))
    }
}
