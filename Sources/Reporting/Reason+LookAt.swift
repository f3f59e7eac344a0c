import Health

extension Reason {
    /// Short advice where to look first; nil if the instances have their own.
    var lookAt: String? {
        if case .status(let status, _, _) = self { return StatusAdvice.of(status) }
        return switch cause {
        case .dns: "the endpoint's spelling; is the container there? then the resolver"
        case .refused: "is it running? on that port?"
        case .unreachable: "network and routes; a socket file that is missing"
        case .connectTimeout: "a firewall that drops; a machine that is down; a full queue"
        case .timeout, .deadline: "frozen or overloaded? Grafana: its database"
        case .tls: "what it says above: expired, unknown authority, another name"
        case .reset: "did it crash? something between that resets"
        case .empty: "is it starting or stopping? not an HTTP server?"
        case .incomplete: "did it crash?"
        case .protocolError: "another kind of server has the port; TLS on a plain port"
        case .tooLarge: "is it the resource that was meant? if so, raise max_body"
        case .status: StatusAdvice.other
        case .header: "what it answered, above; a proxy that changes fields?"
        case .body: "what it answered, above; is it the service that was meant?"
        case .peer: "the instance that it names; if it is gone for good, forget it on /ring"
        case .slow: "load, memory and disk of the service's machine"
        case .certificate: "what renews it: why has it not?"
        case .container: "docker logs of the container, and its memory"
        case .database: "what it says above; its log; how many clients it has and may have"
        case .unknown: "is Docker running? the socket, and who may use it"
        case .instances: nil
        case .internalError: "descriptors and memory of this machine"
        }
    }
}

/// The advice for an unexpected status code.
enum StatusAdvice {
    static let other = "the service's own log; is that the right path?"

    /// The first row with the code counts.
    static let table: [(codes: ClosedRange<Int>, lookAt: String)] = [
        (300...399, "where it redirects to: a login page, or another URL to probe; healthz does not follow it"),
        (401...401, "the credentials that healthz sends; with tenants, X-Scope-OrgID"),
        (403...403, "what the credentials that healthz sends may do"),
        (404...404, "a gateway in front, or another path; is it the server that was meant?"),
        (405...405, "the method: does this path take it?"),
        (407...407, "a proxy in front, which wants credentials"),
        (429...429, "limits of the service, or of a gateway in front"),
        (400...499, "the request: its path, its fields, its content"),
        (502...502, "the server behind the proxy that answers: is it running?"),
        (503...503, "starting, stopping, a full disk, a dead peer? see its log too"),
        (504...504, "the server behind the proxy that answers: is it frozen or overloaded?"),
    ]

    static func of(_ status: Int) -> String {
        table.first { $0.codes.contains(status) }?.lookAt ?? other
    }
}
