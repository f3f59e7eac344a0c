import Foundation
import HTTPClient
import TestSupport
import Time

@testable import Discovery

/// A Cloud Map that is stricter than the real one is known to be: every signature is computed anew, every member looked at, and
/// registrations and their ends are operations, of which an instance has one at a time.
final class CloudMapStandIn: Sendable {
    struct State {
        var instances: [String: [String: String]] = [:]
        var health: [String: String] = [:]
        /// What was called, and with what: `RegisterInstance i-1`.
        var calls: [String] = []
        /// When each came.
        var times: [ContinuousClock.Instant] = []
        /// Violations of the protocol.
        var faults: [String] = []
        var operations: [String: Operation] = [:]

        var token: String?
        var pageSize = 2
        var hasCustomHealth = true
        /// How many questions it takes until an operation is done.
        var pollsNeeded = 1
        /// So many calls are throttled first.
        var throttles = 0
        /// Is not allowed.
        var denied: String?
        /// The next operation fails so.
        var failure: (code: String, message: String)?
        /// By how much its clock is ahead.
        var skew = 0
        var isSilent = false
    }

    struct Operation {
        let instance: String
        let request: String?
        let attributes: [String: String]?
        var polls = 0
        var status = "PENDING"
        var failure: (code: String, message: String)?

        init(instance: String, request: String?, attributes: [String: String]?) {
            (self.instance, self.request, self.attributes) = (instance, request, attributes)
        }
    }

    struct Refusal: Error {
        let status: Int
        let type: String
        let message: String
        var more: [String: String] = [:]
    }

    static let keyID = "AKIDEXAMPLE"
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    let state = Guarded(State())
    private let server: LoopbackServer

    init() throws {
        let state = self.state
        server = try LoopbackServer { request in CloudMapStandIn.answer(request, state) }
    }

    var url: String { server.url }
    var calls: [String] { state.withLock { $0.calls } }
    var faults: [String] { state.withLock { $0.faults } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func stop() { server.stop() }

    /// What the program needs to talk to it, with keys that do not expire.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": url, "AWS_ACCESS_KEY_ID": Self.keyID,
            "AWS_SECRET_ACCESS_KEY": Self.secret, "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    // MARK: A request

    private static func answer(_ request: LoopbackServer.Request, _ state: Guarded<State>) -> LoopbackServer.Answer {
        state.withLock { state in
            if state.isSilent { return .silence }
            let date = "Date: \(httpDate(Date() + TimeInterval(state.skew)))"
            let fields = ["x-amzn-RequestId: 1-2-3", date]
            do {
                let body = try respond(to: request, &state)
                let data = try JSONSerialization.data(withJSONObject: body)
                // This one's answer is empty.
                let isEmpty = body.isEmpty
                return .response(
                    200, isEmpty ? "" : String(decoding: data, as: UTF8.self), type: "application/x-amz-json-1.1",
                    fields: fields)
            } catch let refusal as Refusal {
                var body = refusal.more
                body["__type"] = "com.amazonaws.servicediscovery#\(refusal.type)"
                body["Message"] = refusal.message
                let data = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
                return .response(
                    refusal.status, String(decoding: data, as: UTF8.self), type: "application/x-amz-json-1.1",
                    fields: fields)
            } catch {
                state.faults.append("\(error)")
                return .response(500, "")
            }
        }
    }

    private static func httpDate(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }

    private static func respond(to request: LoopbackServer.Request, _ state: inout State) throws -> [String: Any] {
        guard request.method == "POST", request.target == "/",
            request.value("Content-Type") == "application/x-amz-json-1.1",
            let target = request.value("X-Amz-Target"), target.hasPrefix("Route53AutoNaming_v20170314.")
        else { throw fault("no request of AWS JSON 1.1: \(request.method) \(request.target)", &state) }
        let operation = String(target.split(separator: ".")[1])
        try authorize(request, &state)
        guard let members = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any] else {
            throw fault("no object: \(request.text)", &state)
        }
        let id = members["InstanceId"] as? String ?? members["OperationId"] as? String
        state.calls.append(operation + (id.map { " \($0)" } ?? ""))
        state.times.append(.now)
        if state.throttles > 0 {
            state.throttles -= 1
            throw Refusal(status: 400, type: "ThrottlingException", message: "Rate exceeded")
        }
        if state.denied == operation {
            let message = "User: arn:aws:sts::1:assumed-role/node is not authorized to perform: \(operation)"
            throw Refusal(status: 400, type: "AccessDeniedException", message: message)
        }
        return try perform(operation, members, &state)
    }

    private static func fault(_ text: String, _ state: inout State) -> Refusal {
        state.faults.append(text)
        return Refusal(status: 400, type: "SerializationException", message: text)
    }

    /// As AWS verifies it: the signature is made again, over what has come.
    private static func authorize(_ request: LoopbackServer.Request, _ state: inout State) throws {
        guard let date = request.value("X-Amz-Date"), let given = request.value("Authorization"),
            let time = Timestamp(rfc3339: rfc3339(date))
        else { throw Refusal(status: 400, type: "MissingAuthenticationTokenException", message: "no signature") }
        let clock = Int64(Date().timeIntervalSince1970 * 1000) + Int64(state.skew) * 1000
        guard abs(time.milliseconds - clock) < 300_000 else {
            let word =
                time.milliseconds < clock ? "Signature expired: \(date) is now earlier" : "Signature not yet current"
            throw Refusal(status: 400, type: "InvalidSignatureException", message: word)
        }
        guard request.value("X-Amz-Security-Token") == state.token else {
            throw Refusal(status: 400, type: "ExpiredTokenException", message: "The security token is expired")
        }
        for name in ["X-Amz-Date", "Authorization", "Host", "Content-Type", "X-Amz-Target"]
        where request.count(name) != 1 {
            throw fault("\(request.count(name)) fields \(name)", &state)
        }
        let parts = (request.value("Host") ?? "").split(separator: ":")
        let url = URL(scheme: .http, host: String(parts[0]), port: parts.last.flatMap { Int($0) }, target: "/")
        let signed = ["Content-Type", "X-Amz-Target"].map { Field(name: $0, value: request.value($0) ?? "") }
        let region = given.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
        let again = try Signer(region: region, service: "servicediscovery").sign(
            Request(url, method: .post, fields: signed, content: request.body),
            with: AWSKeys(
                accessKeyID: keyID, secretKey: Secret(secret), sessionToken: state.token.map { Secret($0) }), at: time)
        guard again.fields.last?.value == given else {
            throw Refusal(status: 400, type: "InvalidSignatureException", message: "The request signature differs")
        }
    }

    /// `20260101T000000Z` with its separators.
    private static func rfc3339(_ date: String) -> String {
        let digits = Array(date)
        guard digits.count == 16 else { return "" }
        return String(digits[0..<4]) + "-" + String(digits[4..<6]) + "-" + String(digits[6..<8]) + "T"
            + String(digits[9..<11]) + ":" + String(digits[11..<13]) + ":" + String(digits[13..<15]) + "Z"
    }
}
