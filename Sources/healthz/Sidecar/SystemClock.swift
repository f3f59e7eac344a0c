import CSystem
import Clock
import Health

extension Moment {
    /// Now, by the system's clocks.
    static var now: Moment {
        Moment(instant: .now, timestamp: Timestamp(milliseconds: healthz_milliseconds_since_epoch()))
    }
}
