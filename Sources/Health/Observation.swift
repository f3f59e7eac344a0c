package import Time

/// One probe of one target: when, how long, what it says.
package struct Observation: Sendable, Equatable {
    package let startedAt: Moment
    package let duration: Duration
    /// The status of the response, where one came.
    package let httpStatus: Int?
    package let verdict: Verdict

    package init(startedAt: Moment, duration: Duration, httpStatus: Int?, verdict: Verdict) {
        self.startedAt = startedAt
        self.duration = duration
        self.httpStatus = httpStatus
        self.verdict = verdict
    }

    /// How long the answer took; nil where none came: a refusal is quick, and a timeout says how patient we are.
    package var latency: Duration? { verdict.isUp || httpStatus != nil ? duration : nil }
}
