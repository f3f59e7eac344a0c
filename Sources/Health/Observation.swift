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
}
