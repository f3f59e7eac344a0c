import Foundation
import TestSupport

/// A Consul agent, as a real one of version 1.10 behaves: TTLs run out, a registration keeps the state of its check, unknown
/// members are refused, and a check that is not known is an error 500.
final class ConsulStandIn: Sendable {
    struct Check {
        var status: String
        var output = ""
        let ttl: Duration?
        var toldAt = ContinuousClock.now
        var url: String?

        /// As the agent sees it now.
        var present: String {
            guard let ttl, .now - toldAt > ttl else { return status }
            return "critical"
        }
    }

    struct Service {
        let name: String
        let body: [String: Any]
        var check: Check
    }

    struct State {
        /// By their identifiers. Values of JSON are not Sendable, but stay within.
        fileprivate var services: [String: Service] = [:]
        var calls: [String] = []
        var faults: [String] = []
        /// When each update came, and what it said.
        var updates: [(time: ContinuousClock.Instant, check: String, status: String, output: String)] = []
        var token: String?
        /// From version 1.12 on, a check that is not known is 404.
        var isNew = false
        var isSilent = false
        /// Requests are answered so.
        var failure: (status: Int, text: String)?
    }

    private let state = Guarded(State())
    private let server: LoopbackServer

    /// - Parameter path: of a UNIX domain socket, to listen there instead.
    init(path: String? = nil) throws {
        let state = self.state
        server = try LoopbackServer(path: path) { request in state.withLock { ConsulStandIn.answer(request, &$0) } }
    }

    var url: String { server.url }
    var port: UInt16 { server.port }
    var calls: [String] { state.withLock { $0.calls } }
    var faults: [String] { state.withLock { $0.faults } }
    var updates: [(time: ContinuousClock.Instant, check: String, status: String, output: String)] {
        state.withLock { $0.updates }
    }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func stop() { server.stop() }

    /// What the agent says of a service; nil where it does not know it.
    func status(_ id: String) -> String? { state.withLock { $0.services[id]?.check.present } }
    func output(_ id: String) -> String? { state.withLock { $0.services[id]?.check.output } }
    var identifiers: [String] { state.withLock { $0.services.keys.sorted() } }
    func port(_ id: String) -> Int? { state.withLock { $0.services[id]?.body["Port"] as? Int } }
    func tags(_ id: String) -> [String]? { state.withLock { $0.services[id]?.body["Tags"] as? [String] } }
    func checkURL(_ id: String) -> String? { state.withLock { $0.services[id]?.check.url } }
    /// As where its data is lost.
    /// - Returns: how many calls came before.
    func forget() -> Int {
        state.withLock { state in
            state.services = [:]
            return state.calls.count
        }
    }

    private static func answer(_ request: LoopbackServer.Request, _ state: inout State) -> LoopbackServer.Answer {
        let path = String(request.target.prefix { $0 != "?" }).removingPercentEncoding ?? ""
        state.calls.append("\(request.method) \(path)")
        if state.isSilent { return .silence }
        if let failure = state.failure { return text(failure.status, failure.text) }
        if request.target.contains("token=") { state.faults.append("a token in a URL") }
        guard request.value("X-Consul-Token") == state.token else {
            return text(403, request.value("X-Consul-Token") == nil ? "Permission denied" : "ACL not found")
        }
        if request.method == "GET", path.hasPrefix("/v1/agent/health/service/id/") {
            guard let service = state.services[String(path.dropFirst(28))] else { return text(404, "") }
            let status = ["passing": 200, "warning": 429][service.check.present] ?? 503
            return text(status, service.check.present)
        }
        guard request.method == "PUT" else {
            state.faults.append("\(request.method) \(path)")
            return text(405, "method not allowed")
        }
        if path == "/v1/agent/service/register" { return register(request, &state) }
        if path.hasPrefix("/v1/agent/service/deregister/") {
            state.services[String(path.dropFirst(29))] = nil
            return text(200, "")
        }
        if path.hasPrefix("/v1/agent/check/update/") { return update(String(path.dropFirst(23)), request, &state) }
        return text(404, "404 page not found")
    }

    private static func text(_ status: Int, _ text: String) -> LoopbackServer.Answer {
        .response(status, text, type: "text/plain; charset=utf-8")
    }

    private static let members: Set = ["ID", "Name", "Address", "Port", "Tags", "Meta", "Checks"]
    private static let checkMembers: Set = [
        "CheckID", "Name", "TTL", "HTTP", "Interval", "Timeout", "Status", "Header", "Notes",
        "DeregisterCriticalServiceAfter",
    ]

    private static func register(_ request: LoopbackServer.Request, _ state: inout State) -> LoopbackServer.Answer {
        guard let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any],
            let id = body["ID"] as? String, let name = body["Name"] as? String,
            let checks = body["Checks"] as? [[String: Any]], let check = checks.first, checks.count == 1
        else { return text(400, "no registration") }
        let unknown = Set(body.keys).subtracting(members).union(Set(check.keys).subtracting(checkMembers))
        if let member = unknown.sorted().first {
            state.faults.append("unknown member \(member)")
            return text(400, "json: unknown field \"\(member)\"")
        }
        let ttl = (check["TTL"] as? String).flatMap(duration)
        if (ttl == nil) == (check["HTTP"] == nil) { return text(400, "TTL and Interval together, or neither") }
        var made = Check(status: check["Status"] as? String ?? "critical", ttl: ttl)
        made.url = check["HTTP"] as? String
        // A registration keeps the state of a check that is there.
        if let known = state.services[id]?.check { (made.status, made.output) = (known.present, known.output) }
        state.services[id] = Service(name: name, body: body, check: made)
        return text(200, "")
    }

    /// `1500ms` or `30s`.
    private static func duration(_ text: String) -> Duration? {
        if text.hasSuffix("ms") { return Int(text.dropLast(2)).map { .milliseconds($0) } }
        return text.hasSuffix("s") ? Int(text.dropLast()).map { .seconds($0) } : nil
    }

    private static func update(
        _ check: String, _ request: LoopbackServer.Request, _ state: inout State
    ) -> LoopbackServer.Answer {
        let id = check.hasPrefix("service:") ? String(check.dropFirst(8)) : ""
        guard state.services[id]?.check.ttl != nil else {
            return state.isNew
                ? text(404, "Unknown check ID \"\(check)\". Ensure that the check ID is passed, not the check name.")
                : text(500, "CheckID \"\(check)\" does not have associated TTL")
        }
        guard let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: String],
            let status = body["Status"], ["passing", "warning", "critical"].contains(status)
        else { return text(400, "Invalid check status") }
        let output = body["Output"] ?? ""
        state.updates.append((.now, id, status, output))
        state.services[id]?.check.status = status
        state.services[id]?.check.output = output
        state.services[id]?.check.toldAt = .now
        return text(200, "")
    }
}
