package import HTTPClient
import Time

/// A request to Consul's agent, as a value.
package enum ConsulCall: Sendable, Hashable {
    case register(ConsulService)
    case update(check: String, ConsulStatus, output: String)
    /// Read the agent's state of the service.
    case look(service: String)
    case deregister(service: String)

    package var operation: ConsulOperation {
        switch self {
        case .register: .register
        case .update: .update
        case .look: .look
        case .deregister: .deregister
        }
    }

    /// The limit of a call. A frozen agent accepts connections but never answers.
    package static let limit = Duration.seconds(2)

    /// - Parameter token: the present token. It is never in the URL, because URLs are logged.
    package func request(to agent: ConsulAgent, token: Secret?, tls: Request.TLS = Request.TLS()) -> Request {
        var fields: [Field] = []
        if let token { fields.append(Field(name: "X-Consul-Token", value: token.text)) }
        if content != nil { fields.append(Field(name: "Content-Type", value: "application/json")) }
        var queries = query
        if let namespace = agent.namespace { queries.append("ns=\(namespace.percentEncoded)") }
        if let partition = agent.partition { queries.append("partition=\(partition.percentEncoded)") }
        let target = path + (queries.isEmpty ? "" : "?\(queries.joined(separator: "&"))")
        return Request(
            agent.url.appending(path: target), method: operation == .look ? .get : .put, fields: fields,
            content: operation == .look ? nil : content ?? [], tls: tls, reusesConnection: true, reading: .body)
    }

    private var path: String {
        switch self {
        case .register: "/v1/agent/service/register"
        case .update(let check, _, _): "/v1/agent/check/update/\(check.percentEncoded)"
        case .look(let service): "/v1/agent/health/service/id/\(service.percentEncoded)"
        case .deregister(let service): "/v1/agent/service/deregister/\(service.percentEncoded)"
        }
    }

    private var query: [String] { operation == .look ? ["format=text"] : [] }

    private var content: [UInt8]? {
        switch self {
        case .register(let service): JSONText.encode(Registration(service))
        case .update(_, let status, let output):
            JSONText.encode(["Status": status.rawValue, "Output": output.cut(to: 4_000)])
        case .look, .deregister: nil
        }
    }
}

/// The purpose of a request to the agent, for metrics and messages.
package enum ConsulOperation: String, Sendable, CaseIterable {
    case register, update, look, deregister
}

/// The body of a registration. All members are known to agents of version 1.10, which refuse unknown ones.
private struct Registration: Encodable {
    private struct Check: Encodable {
        let id, name: String
        var ttl, http, interval, timeout, status, deregisterAfter: String?
        var fields: [String: [String]]?

        enum CodingKeys: String, CodingKey {
            case id = "CheckID"
            case name = "Name"
            case ttl = "TTL"
            case http = "HTTP"
            case interval = "Interval"
            case timeout = "Timeout"
            case status = "Status"
            case deregisterAfter = "DeregisterCriticalServiceAfter"
            case fields = "Header"
        }
    }

    private let id, name: String
    private let address: String?
    private let port: Int?
    private let tags: [String]?
    private let meta: [String: String]?
    private let checks: [Check]

    enum CodingKeys: String, CodingKey {
        case id = "ID"
        case name = "Name"
        case address = "Address"
        case port = "Port"
        case tags = "Tags"
        case meta = "Meta"
        case checks = "Checks"
    }

    init(_ service: ConsulService) {
        (id, name, address, port) = (service.id, service.name, service.address, service.port)
        tags = service.tags.isEmpty ? nil : service.tags
        meta = service.meta.isEmpty ? nil : service.meta
        var check = Check(id: service.checkID, name: "healthz")
        // It is critical until the first update.
        check.status = ConsulStatus.critical.rawValue
        check.deregisterAfter = service.deregisterAfter?.goText
        switch service.check {
        case .ttl(let time): check.ttl = time.goText
        case .http(let url, let interval, let timeout):
            (check.http, check.interval, check.timeout) = ("\(url)", interval.goText, timeout.goText)
            check.fields = ["Accept": ["text/plain"]]
        }
        checks = [check]
    }
}

extension Duration {
    /// In Go's notation: `30s`, or `1500ms` for fractions of a second.
    fileprivate var goText: String {
        components.attoseconds == 0 ? "\(components.seconds)s" : "\(Int64(milliseconds))ms"
    }
}

extension String {
    /// Encoded for a segment of a path, or for the value of a query (RFC 3986 §2.3).
    fileprivate var percentEncoded: String {
        var output: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default: output += "%\(SHA256.hex([byte]).uppercased())".utf8
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Its first characters, up to that many bytes.
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
