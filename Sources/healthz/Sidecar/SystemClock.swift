import FoundationEssentials
import Health

extension Moment {
    /// Now, by the system's clocks.
    static var now: Moment {
        let milliseconds = Int64(Date.now.timeIntervalSince1970 * 1000)
        return Moment(instant: .now, timestamp: Timestamp(milliseconds: milliseconds))
    }
}
