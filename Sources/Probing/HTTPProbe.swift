import CurlClient
import HTTPClient
import Health
import Judging
import Time

/// A probe that sends a request and has the response judged.
extension TargetProber {
    func send(_ request: Request, _ expectation: Expectation, _ call: ProbeCall) {
        client.send(request, reusing: call.target.id, within: call.limit.duration) { [bodies] result in
            switch result {
            case .failure(let failure):
                let verdict = expectation.verdict(on: call.limit.reason(for: failure))
                call.ended(Outcome(status: nil, verdict))
            case .success(let response): TargetProber.judge(response, expectation, call, bodies)
            }
        }
    }

    private static func judge(
        _ response: Response, _ expectation: Expectation, _ call: ProbeCall, _ bodies: BodyJudges
    ) {
        let (status, expiry) = (response.status, response.certificateExpiry)
        @Sendable func outcome(_ verdict: Verdict) -> Outcome {
            let now = expiry == nil ? Timestamp(milliseconds: 0) : Moment.now.timestamp
            return Outcome(status: status, expectation.judge(verdict, certificateExpiry: expiry, at: now))
        }
        guard expectation.judgesBody(of: status) else {
            return call.ended(outcome(ResponseJudge(withoutBodies: expectation).verdict(on: response)))
        }
        bodies.judge(response, by: expectation, for: call) { judgement in
            switch judgement {
            case .ended(let verdict): call.ended(outcome(verdict))
            case .outOfTime: call.ended(.failed(call.limit.reasonForMatching))
            case .refused(let detail): call.ended(.failed(.unjudged(detail: detail)))
            }
        }
    }
}
