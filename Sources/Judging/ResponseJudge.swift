package import HTTPClient
package import Health
package import Time

/// Judges responses by what is expected of them.
///
/// With bodies it may take its time, as `BodyJudge` does: its owner keeps it off the event loop.
package struct ResponseJudge {
    private let expectation: Expectation
    /// nil where any body will do.
    private let body: BodyJudge?
    private let toleratedBody: BodyJudge?

    /// - Throws: `PatternError` for the first pattern that is none.
    package init(_ expectation: Expectation) throws(PatternError) {
        self.expectation = expectation
        body = try ResponseJudge.judge(expectation.body)
        if case .response(_, let body) = expectation.tolerance {
            toleratedBody = try ResponseJudge.judge(body)
        } else {
            toleratedBody = nil
        }
    }

    /// For responses whose body does not matter: see `Expectation.judgesBody(of:)`.
    package init(withoutBodies expectation: Expectation) {
        self.expectation = expectation
        body = nil
        toleratedBody = nil
    }

    /// For whoever keeps no counters from one response to the next.
    package func verdict(on response: Response, at now: Timestamp = Timestamp(milliseconds: 0)) -> Verdict {
        var counters = Counters()
        return verdict(on: response, at: now, &counters)
    }

    /// - Parameter counters: of metrics: their values at the check before, and then at this one.
    package func verdict(on response: Response, at now: Timestamp, _ counters: inout Counters) -> Verdict {
        defer { counters.endCheck() }
        if let container = expectation.container {
            return ContainerJudge.verdict(on: response, at: now, container)
        }
        guard let reason = reason(against: response, &counters) else { return .up }
        switch expectation.tolerance {
        case nil: return .down(reason)
        case .response(let statuses, _):
            let isTolerated =
                statuses.contains(response.status) && toleratedBody?.mismatch(in: response, &counters) == nil
            return isTolerated ? .degraded(reason) : .down(reason)
        case .peer(let ringAddress):
            let isPeer = response.status == 503 && PeerNotice.names(peerOf: ringAddress, response.body)
            return isPeer ? .degraded(.peer(response.status, words: ResponseWords(response))) : .down(reason)
        }
    }

    /// The status comes first: where it is wrong, the body does not matter.
    private func reason(against response: Response, _ counters: inout Counters) -> Reason? {
        guard expectation.statuses.contains(response.status) else {
            return .status(response.status, expected: expectation.statuses, words: ResponseWords(response))
        }
        for field in expectation.fields {
            let value = response.value(of: field.name).map { JSONDocument.Value.scalar(.string($0)) } ?? .absent
            if let difference = Comparer.difference(value, field.comparisons, at: field.name) {
                return .header(difference)
            }
        }
        return body?.mismatch(in: response, &counters).map { .body($0) }
    }

    private static func judge(_ expectation: BodyExpectation?) throws(PatternError) -> BodyJudge? {
        guard let expectation else { return nil }
        return try BodyJudge(expectation)
    }
}
