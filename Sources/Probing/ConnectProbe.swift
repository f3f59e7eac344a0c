import CurlClient
import HTTPClient
import Health

/// A probe that makes a connection and asks for nothing.
extension TargetProber {
    func connect(to target: Target, within limit: Duration, ended: @escaping @Sendable (Outcome) -> Void) {
        client.connect(to: target.url, reusing: target.id, within: limit) { failure in
            ended(failure.map { .failure(ProbeFailure($0)) } ?? .success(ProbeResponse(status: nil)))
        }
    }
}
