import CurlClient
import HTTPClient
import Health
import Judging

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

    private static func judge(
        _ response: Response, _ expectation: Expectation, _ call: ProbeCall, _ bodies: BodyJudges
    ) {
        let status = response.status
        guard expectation.judgesBody(of: status) else {
            let verdict = ResponseJudge(withoutBodies: expectation).verdict(on: response)
            return call.ended(Outcome(status: status, verdict))
        }
        bodies.judge(response, by: expectation, for: call) { judgement in
            switch judgement {
            case .ended(let verdict): call.ended(Outcome(status: status, verdict))
            case .outOfTime: call.ended(.failed(call.limit.reasonForMatching))
            case .refused(let detail): call.ended(.failed(.unjudged(detail: detail)))
            }
        }
    }
}

extension Expectation {
    /// Only a body that is judged is read to its end. Of a response that is not as expected, the beginning is for the
    /// message.
    fileprivate var reading: Request.Reading {
        let expected: Request.Reading.Body = body == nil ? .none : .whole(kept: .max)
        var exceptions = statuses.ranges.map { Request.Reading.Exception($0, expected) }
        if case .response(let tolerated, _?) = tolerance {
            exceptions += tolerated.ranges.map { Request.Reading.Exception($0, .whole(kept: .max)) }
        }
        return Request.Reading(
            .beginning(ResponseWords.keptBody), except: exceptions, keepsFields: true,
            fieldNames: ResponseWords.fieldNames + ["Content-Encoding"])
    }
}
