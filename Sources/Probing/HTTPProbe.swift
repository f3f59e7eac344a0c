import CurlClient
import HTTPClient
import Health

/// A probe that sends a request and has the response judged.
extension TargetProber {
    func send(_ request: Request, _ expectation: Expectation, _ call: ProbeCall) {
        let request = expectation.body == nil ? request : request.with(TargetProber.wholeBody)
        client.send(request, reusing: call.target, within: call.limit.duration) { [bodies] result in
            switch result {
            case .failure(let failure): call.ended(.failed(call.limit.reason(for: failure)))
            case .success(let response): TargetProber.judge(response, expectation, call, bodies)
            }
        }
    }

    /// The fields, too: they tell whether the body is coded.
    private static let wholeBody = Request.Reading(keptBody: .max, keepsFields: true)

    /// The status comes first: where it is wrong, the body does not matter.
    private static func judge(
        _ response: Response, _ expectation: Expectation, _ call: ProbeCall, _ bodies: BodyJudges
    ) {
        let status = response.status
        guard expectation.statuses.contains(status) else {
            return call.ended(Outcome(status: status, .down(.status(status, expected: expectation.statuses))))
        }
        guard let body = expectation.body else { return call.ended(Outcome(status: status, .up)) }
        if let coding = response.contentCoding {
            return call.ended(Outcome(status: status, .down(.body(.coded(Excerpt(coding))))))
        }
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
