package import Time

/// One probe of one target: its time, duration and result.
package struct Observation: Sendable, Equatable {
    package let startedAt: Moment
    package let duration: Duration
    /// The status of the response, if there was one.
    package let httpStatus: Int?
    package let verdict: Verdict

    package init(startedAt: Moment, duration: Duration, httpStatus: Int?, verdict: Verdict) {
        self.startedAt = startedAt
        self.duration = duration
        self.httpStatus = httpStatus
        self.verdict = verdict
    }

    /// The duration of an answer; nil without an answer: then the duration says nothing about the target.
    package var latency: Duration? { verdict.isUp || httpStatus != nil ? duration : nil }
}
