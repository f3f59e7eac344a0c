import Foundation
import TestSupport

/// The instance metadata service, version 2: nothing is answered without a token that was got by PUT.
final class MetadataStandIn: Sendable {
    struct State {
        var requests: [String] = []
        /// As where the answer has more hops to go than it may.
        var losesTokens = false
        var sessionToken = "IQoJ+/=token"
    }

    let state = Guarded(State())
    private let server: LoopbackServer

    init() throws {
        let state = self.state
        server = try LoopbackServer { request in state.withLock { MetadataStandIn.answer(request, &$0) } }
    }

    var requests: [String] { state.withLock { $0.requests } }
    func stop() { server.stop() }

    var environment: [String: String] { ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url] }

    private static func answer(_ request: LoopbackServer.Request, _ state: inout State) -> LoopbackServer.Answer {
        state.requests.append("\(request.method) \(request.target)")
        if request.method == "PUT", request.target == "/latest/api/token",
            let life = request.value("X-aws-ec2-metadata-token-ttl-seconds").flatMap({ Int($0) }),
            (1...21_600).contains(life)
        {
            return state.losesTokens ? .silence : .response(200, "the-token", type: "text/plain")
        }
        guard request.method == "GET", request.value("X-aws-ec2-metadata-token") == "the-token" else {
            return .response(401, type: "text/html")
        }
        switch request.target {
        case "/latest/meta-data/instance-id": return .response(200, "i-0abc", type: "text/plain")
        case "/latest/meta-data/local-ipv4": return .response(200, "10.1.2.3", type: "text/plain")
        case "/latest/meta-data/placement/region": return .response(200, "eu-central-1", type: "text/plain")
        case "/latest/meta-data/iam/security-credentials/": return .response(200, "node-role", type: "text/plain")
        case "/latest/meta-data/iam/security-credentials/node-role":
            return .response(200, keys(state.sessionToken, code: "Success"), type: "text/plain")
        default: return .response(404, type: "text/html")
        }
    }

    /// As the container's endpoint has them too, without the code.
    static func keys(_ token: String, code: String? = nil) -> String {
        let formatter = ISO8601DateFormatter()
        let members = [
            "Code": code, "AccessKeyId": CloudMapStandIn.keyID, "SecretAccessKey": CloudMapStandIn.secret,
            "Token": token, "Expiration": formatter.string(from: Date() + 3600),
        ]
        let data = try? JSONSerialization.data(withJSONObject: members.compactMapValues(\.self))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
