import CurlClient
import HTTPClient
import Health

/// A probe that sends a request and has the response judged.
extension TargetProber {
    func send(_ request: Request, _ expectation: Expectation, _ call: ProbeCall) {
        let request = request.with(expectation.reading)
        client.send(request, reusing: call.target, within: call.limit.duration) { [bodies] result in
            switch result {
            case .failure(let failure): call.ended(.failed(call.limit.reason(for: failure)))
            case .success(let response): TargetProber.judge(response, expectation, call, bodies)
            }
        }
    }

    /// The status comes first: where it is wrong, the body does not matter.
    private static func judge(
        _ response: Response, _ expectation: Expectation, _ call: ProbeCall, _ bodies: BodyJudges
    ) {
        let status = response.status
        guard expectation.statuses.contains(status) else {
            let words = ResponseWords(response)
            return call.ended(
                Outcome(status: status, .down(.status(status, expected: expectation.statuses, words: words))))
        }
        guard let body = expectation.body else { return call.ended(Outcome(status: status, .up)) }
        bodies.judge(response.body, by: body, for: call) { judgement in
            switch judgement {
            case .matched: call.ended(Outcome(status: status, .up))
            case .differs(let mismatch): call.ended(Outcome(status: status, .down(.body(mismatch))))
            case .outOfTime: call.ended(.failed(call.limit.reasonForMatching))
            case .refused(let detail): call.ended(.failed(.unjudged(detail: detail)))
            }
        }
    }
}

extension Expectation {
    /// The beginning of any body is kept, for a response that is not as expected.
    fileprivate var reading: Request.Reading {
        Request.Reading(
            keptBody: body == nil ? ResponseWords.keptBody : .max, keepsFields: true,
            fieldNames: ResponseWords.fieldNames)
    }
}
