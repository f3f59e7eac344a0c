import CurlClient
import HTTPClient
import Health
import Time

/// A probe that sends a request and has the response judged.
extension TargetProber {
    func request(
        _ target: Target, _ body: BodyExpectation?, within limit: Duration,
        ended: @escaping @Sendable (Outcome) -> Void
    ) {
        let startedAt = Instant.now
        let request = body == nil ? target.request : target.request.with(.body)
        client.send(request, reusing: target.id, within: limit) { [bodies] result in
            let response: Response
            switch result {
            case .failure(let failure): return ended(.failure(ProbeFailure(failure)))
            case .success(let found): response = found
            }
            let status = response.status
            guard let expectation = target.expectation.body(of: status) else {
                return ended(.success(ProbeResponse(status: status)))
            }
            let limit = BodyJudges.Limit(startedAt: startedAt, duration: limit)
            bodies.judge(response.body, of: target.id, by: expectation, within: limit) { judgement in
                switch judgement {
                case .ended(let mismatch): ended(.success(ProbeResponse(status: status, mismatch: mismatch)))
                case .outOfTime: ended(.failure(.timeout(limit: limit.duration, waitingFor: .judgement)))
                case .refused(let detail): ended(.failure(.internalError(detail: detail)))
                }
            }
        }
    }
}
