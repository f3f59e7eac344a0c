import Time

/// Notices that the wall clock has been set. Times that are remembered are then moved with it: so they are as long ago as they
/// were, and a machine that starts without the time is not healthy "for 10950 d" once it has it.
struct ClockWatch {
    /// The two clocks are read one after the other, and the process may stand still between.
    private static let tolerance = Duration.seconds(1)

    private var last: Moment?

    /// - Returns: by how much the wall clock has been set since the last call that found so, or the first; nil where it has not.
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

extension Moment {
    func moved(by step: Duration) -> Moment {
        Moment(instant: instant, timestamp: timestamp.moved(by: step))
    }
}
