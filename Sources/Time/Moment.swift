import CSystem

/// The present time by both clocks: one to measure and wait, one to show.
package struct Moment: Sendable, Hashable {
    package let instant: Instant
    package let timestamp: Timestamp

    package init(instant: Instant, timestamp: Timestamp) {
        self.instant = instant
        self.timestamp = timestamp
    }

    package static var now: Moment {
        Moment(instant: .now, timestamp: Timestamp(milliseconds: healthz_milliseconds_since_epoch()))
    }
}
