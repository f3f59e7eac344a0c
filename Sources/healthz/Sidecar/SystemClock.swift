import Foundation
import Health

extension Moment {
    /// Now, by the system's clocks.
    static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return Moment(instant: .now, timestamp: Timestamp(milliseconds: milliseconds))
    }
}
