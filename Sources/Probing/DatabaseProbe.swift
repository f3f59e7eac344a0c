import CurlClient
import HTTPClient
import Health
import Judging

/// A probe that talks to a database server by its own protocol, without a password.
extension TargetProber {
    func ask(_ database: Database, at url: URL, _ call: ProbeCall) {
        let dialogue = Dialogue { received, sent in
            switch database.next(received, sent: sent) {
            case .read: .read
            case .send(let bytes): .send(bytes)
            case .verdict: .end
            }
        }
        client.talk(to: url, dialogue, reusing: call.target.id, within: call.limit.duration) { result in
            switch result {
            case .failure(let failure): call.ended(.failed(call.limit.reason(for: failure)))
            case .success(let received): call.ended(Outcome(status: nil, database.verdict(on: received)))
            }
        }
    }
}
