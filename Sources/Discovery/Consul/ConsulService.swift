package import HTTPClient
import Health

/// The registration of a service with Consul's agent, with valid parts.
package struct ConsulService: Sendable, Hashable {
    package enum Check: Sendable, Hashable {
        /// healthz updates the agent at least once in a third of that time.
        case ttl(Duration)
        /// The agent requests a URL of healthz.
        case http(URL, interval: Duration, timeout: Duration)
    }

    /// The parts of a registration before validation.
    package struct Parts: Sendable {
        package var name = ""
        package var id = ""
        /// nil for the agent's address.
        package var address: String?
        package var port: Int?
        package var tags: [String] = []
        package var meta: [String: String] = [:]
        package var check = Check.ttl(.seconds(30))
        /// nil for never.
        package var deregisterAfter: Duration? = .seconds(3_600)

        package init() {}
    }

    package let name: String
    package let id: String
    package let address: String?
    package let port: Int?
    package let tags: [String]
    package let meta: [String: String]
    package let check: Check
    package let deregisterAfter: Duration?

    package init(_ parts: Parts) throws(ConsulMistake) {
        guard parts.name.isShown else { throw .serviceName(parts.name) }
        guard parts.id.isShown else { throw .serviceID(parts.id) }
        if let address = parts.address, ["", "0.0.0.0", "::", "[::]"].contains(address) {
            throw .serviceAddress(address)
        }
        if let port = parts.port, !(1...65_535).contains(port) { throw .port(port) }
        if let tag = parts.tags.first(where: { !$0.isShown }) { throw .tag(tag) }
        for (key, value) in parts.meta.sorted(by: { $0.key < $1.key }) {
            guard (1...128).contains(key.utf8.count), key.isMetaKey else { throw .metaKey(key) }
            guard value.utf8.count <= 512 else { throw .metaValue(key: key) }
        }
        if case .ttl(let time) = parts.check, time < .seconds(1) { throw .timeToLive }
        if let after = parts.deregisterAfter, after < .seconds(60) { throw .deregisterAfter }
        (name, id, address, port) = (parts.name, parts.id, parts.address, parts.port)
        (tags, meta, check, deregisterAfter) = (parts.tags, parts.meta, parts.check, parts.deregisterAfter)
    }

    /// The identifier that Consul gives a service's only check.
    package var checkID: String { "service:\(id)" }
}

extension String {
    fileprivate var isShown: Bool { !isEmpty && !unicodeScalars.contains(where: Printable.isControl) }

    fileprivate var isMetaKey: Bool {
        utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// The status of a check.
package enum ConsulStatus: String, Sendable, CaseIterable {
    case passing, warning, critical
}
