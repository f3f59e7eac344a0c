import CurlClient
import HTTPClient
import Health

/// A probe that makes a connection and asks for nothing.
extension TargetProber {
    func connect(to url: URL, _ call: ProbeCall) {
        client.connect(to: url, reusing: call.target.id, within: call.limit.duration) { failure in
            let reason = failure.map { call.limit.reason(for: $0) }
            call.ended(reason.map { .failed($0) } ?? Outcome(status: nil, .up))
        }
    }
}
