package import HTTPClient

/// One place that is probed, and what is expected of it. A value, of which there is one copy: every probe, observation and
/// report has it, and it has a score of parts.
package final class Target: Sendable, Equatable {
    /// Tells it from all other targets of a configuration: `loki`, or `loki http://loki-a:3100` for an instance.
    package let id: String
    /// A request reads what of the response is judged.
    package let probe: Probe
    /// From the start of the probe, name resolution included, to the end of the response.
    package let timeout: Duration
    package let threshold: Threshold
    /// An answer that is right, but took longer, is degraded; nil for none.
    package let slow: Duration?
    /// Its probes begin no closer to each other than this, whatever checks there are; nil for one at each check.
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

    /// What `verdict` is, where it took so long.
    package func judge(_ verdict: Verdict, after duration: Duration) -> Verdict {
        guard let slow, duration > slow, verdict == .up else { return verdict }
        return .degraded(.slow(duration, limit: slow))
    }

    /// Whether observations of `other` say as much about this one.
    package func isSamePlace(as other: Target) -> Bool {
        probe == other.probe
    }

    /// The same, where this one is `other` with renewed secrets.
    package func isRenewal(of other: Target) -> Bool {
        id == other.id && probe.withoutSecrets == other.probe.withoutSecrets
    }
}

/// How many observations in a row turn a target's status. The first observation of all decides at once.
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
