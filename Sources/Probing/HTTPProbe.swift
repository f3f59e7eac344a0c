import CurlClient
import HTTPClient
import Health
import Judging
import Time

/// A probe that sends a request and has the response judged.
extension TargetProber {
    func send(_ request: Request, _ expectation: Expectation, _ call: ProbeCall) {
        let request = request.with(expectation.reading(atMost: request.reading.limit))
        client.send(request, reusing: call.target, within: call.limit.duration) { [bodies] result in
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

extension Expectation {
    /// Only a body that is judged is read to its end. Of a response that is not as expected, the beginning is for the
    /// message.
    fileprivate func reading(atMost limit: Int) -> Request.Reading {
        let isRead = body != nil || container != nil
        let expected: Request.Reading.Body = isRead ? .whole(kept: .max) : .none
        var exceptions = statuses.ranges.map { Request.Reading.Exception($0, expected) }
        if case .response(let tolerated, _?) = tolerance {
            exceptions += tolerated.ranges.map { Request.Reading.Exception($0, .whole(kept: .max)) }
        }
        return Request.Reading(
            limit: limit, .beginning(ResponseWords.keptBody), except: exceptions, keepsFields: true,
            fieldNames: ResponseWords.fieldNames + ["Content-Encoding"] + fields.map(\.name))
    }
}
