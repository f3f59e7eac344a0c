import Health

extension Configuration {
    /// The longest time from a failure to the first answer that reports it, and its parts.
    package var worstDetection: (time: Duration, formula: String) {
        let times = services.flatMap(\.targets).map(worstDetection)
        return times.max { $0.time < $1.time } ?? (.zero, "")
    }

    /// The time that a Network Load Balancer adds with its defaults: two failed checks, 30 s apart, the last one
    /// after its timeout (elasticloadbalancing, HealthCheckIntervalSeconds, UnhealthyThresholdCount,
    /// HealthCheckTimeoutSeconds).
    package static let balancerDetection: (time: Duration, formula: String) = (
        .seconds(66), "interval 30s × threshold 2 + timeout 6s, its defaults"
    )

    private func worstDetection(_ target: Target) -> (time: Duration, formula: String) {
        let probe = min(target.timeout, deadline)
        guard let background else {
            let age = max(cache, target.interval ?? .zero)
            let name = age == cache ? "cache" : "interval"
            return (age + probe, age > .zero ? "\(name) \(age.setting) + timeout \(probe.setting)" : "the timeout")
        }
        // The service fails just after a healthy check. The next check begins after the longest pause, or when the
        // one before it has timed out.
        let pause = max(background.pace.interval + background.pace.jitter, probe) + (target.interval ?? .zero)
        let fall = target.threshold.fall
        let own = target.interval.map { "interval \($0.setting) + " } ?? ""
        let pauseText =
            own
            + (pause == probe ? "timeout \(probe.setting)" : "interval \(background.pace.interval.setting) + 10 %")
        return (pause * fall + probe, "(\(pauseText)) × fall \(fall) + timeout \(probe.setting)")
    }
}
