package import HTTPClient

/// A place to probe, and its expectation. A shared object, because every probe, observation and report refers to it,
/// and it has many parts.
package final class Target: Sendable, Equatable {
    /// Unique in a configuration: `loki`, or `loki http://loki-a:3100` for an instance.
    package let id: String
    /// A request reads what of the response is judged.
    package let probe: Probe
    /// From the start of the probe, name resolution included, to the end of the response.
    package let timeout: Duration
    package let threshold: Threshold
    /// A correct answer that takes longer is degraded; nil for no limit.
    package let slow: Duration?
    /// The smallest distance of its probes; nil for a probe at each check.
    package let interval: Duration?

    package init(
        id: String, probe: Probe, timeout: Duration, threshold: Threshold = .once, slow: Duration? = nil,
        interval: Duration? = nil
    ) {
        self.interval = interval
        self.slow = slow
        self.id = id
        self.probe = probe.readingWhatIsExpected
        self.timeout = timeout
        self.threshold = threshold
    }

    package var url: URL { probe.url }

    package func with(_ threshold: Threshold) -> Target {
        Target(id: id, probe: probe, timeout: timeout, threshold: threshold, slow: slow, interval: interval)
    }

    package static func == (left: Target, right: Target) -> Bool {
        left === right
            || left.id == right.id && left.isSamePlace(as: right) && left.timeout == right.timeout
                && left.threshold == right.threshold && left.slow == right.slow && left.interval == right.interval
    }

    /// The verdict with regard to the duration.
    package func judge(_ verdict: Verdict, after duration: Duration) -> Verdict {
        guard let slow, duration > slow, verdict == .up else { return verdict }
        return .degraded(.slow(duration, limit: slow))
    }

    /// Whether observations of `other` are valid for this target.
    package func isSamePlace(as other: Target) -> Bool {
        probe == other.probe
    }

    /// Whether this target is `other` with renewed secrets.
    package func isRenewal(of other: Target) -> Bool {
        id == other.id && probe.withoutSecrets == other.probe.withoutSecrets
    }
}

/// How many observations in a row change the status of a target. The first observation decides at once.
package struct Threshold: Sendable, Hashable {
    package static let once = Threshold(rise: 1, fall: 1)

    /// From unhealthy to healthy, at least 1.
    package let rise: Int
    /// From healthy to unhealthy, at least 1.
    package let fall: Int

    package init(rise: Int, fall: Int) {
        self.rise = rise
        self.fall = fall
    }
}
