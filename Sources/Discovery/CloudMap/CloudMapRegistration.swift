import Glibc

/// The registration of a node in a service of Cloud Map: its identity and its attributes, all valid.
package struct CloudMapRegistration: Sendable, Hashable {
    /// The parts of a registration before validation.
    package struct Parts: Sendable, Equatable {
        /// An identifier, or an ARN for a shared namespace.
        package var serviceID = ""
        package var instanceID = ""
        /// Empty for none.
        package var stackID = ""
        /// An IPv4 or IPv6 address; empty for none.
        package var address = ""
        package var port: Int?
        package var attributes: [String: String] = [:]

        package init() {}
    }

    /// The attribute with the stack of an instance.
    package static let stackKey = "STACK"
    static let initialHealthKey = "AWS_INIT_HEALTH_STATUS"
    private static let customLimit = 30
    private static let totalLimit = 5_000

    package let serviceID: String
    package let instanceID: String
    package let stackID: String?
    /// All attributes except the initial health.
    package let attributes: [String: String]

    package init(_ parts: Parts) throws(CloudMapMistake) {
        guard !parts.serviceID.isEmpty, parts.serviceID.isPrintable, parts.serviceID.utf8.count <= 255 else {
            throw .serviceID(parts.serviceID)
        }
        guard CloudMapRegistration.isInstanceID(parts.instanceID) else { throw .instanceID(parts.instanceID) }
        var attributes = parts.attributes
        if !parts.stackID.isEmpty { attributes[CloudMapRegistration.stackKey] = parts.stackID }
        let custom = attributes.count
        if let own = attributes.keys.filter({ $0.hasPrefix("AWS_") }).min() { throw .reserved(own) }
        if !parts.address.isEmpty { attributes[try CloudMapRegistration.key(of: parts.address)] = parts.address }
        if let port = parts.port {
            guard (1...65_535).contains(port) else { throw .port(port) }
            attributes["AWS_INSTANCE_PORT"] = "\(port)"
        }
        try CloudMapRegistration.check(attributes)
        guard custom <= CloudMapRegistration.customLimit else { throw .tooMany(custom) }
        (serviceID, instanceID, self.attributes) = (parts.serviceID, parts.instanceID, attributes)
        stackID = parts.stackID.isEmpty ? nil : parts.stackID
    }

    /// - Parameter health: nil if the service has no custom health check.
    package func attributes(initially health: CloudMapHealth?) -> [String: String] {
        var all = attributes
        all[CloudMapRegistration.initialHealthKey] = health?.rawValue
        return all
    }

    /// Whether the entry has all values of this registration. It may have others.
    package func matches(_ entry: CloudMapEntry) -> Bool {
        attributes.allSatisfy { entry.attributes[$0.key] == $0.value }
    }

    private static func isInstanceID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "_/:.@-".utf8.contains(byte)
                }
            }
    }

    private static func key(of address: String) throws(CloudMapMistake) -> String {
        var bytes = in6_addr()
        if inet_pton(AF_INET, address, &bytes) == 1 { return "AWS_INSTANCE_IPV4" }
        if inet_pton(AF_INET6, address, &bytes) == 1 { return "AWS_INSTANCE_IPV6" }
        throw .address(address)
    }

    private static func check(_ attributes: [String: String]) throws(CloudMapMistake) {
        var total = 0
        for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
            guard (1...255).contains(key.utf8.count), key.isPrintable else { throw .attributeKey(key) }
            guard value.utf8.count <= 1_024, value.isAttributeValue else { throw .attributeValue(key: key) }
            total += key.utf8.count + value.utf8.count
        }
        guard total <= totalLimit else { throw .tooLong(total) }
    }
}

extension String {
    /// Visible ASCII.
    fileprivate var isPrintable: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Spaces and tabs are allowed inside, but not at the ends.
    fileprivate var isAttributeValue: Bool {
        guard let first = utf8.first, let last = utf8.last else { return true }
        return utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 } && first > 0x20 && last > 0x20
    }
}

/// A mistake in a registration. The set is closed: each mistake has one case and one text.
package enum CloudMapMistake: Error, Sendable, Hashable, CustomStringConvertible {
    case serviceID(String)
    case instanceID(String)
    case address(String)
    case port(Int)
    case attributeKey(String)
    /// The value is not shown, because it may be secret.
    case attributeValue(key: String)
    case reserved(String)
    case tooMany(Int)
    case tooLong(Int)

    package var description: String {
        switch self {
        case .serviceID(let text): "\"\(text)\" is not the identifier or ARN of a Cloud Map service"
        case .instanceID(let text):
            "\"\(text)\" is not an instance identifier: 1 to 64 ASCII letters, digits and characters of _/:.@-"
        case .address(let text): "\"\(text)\" is not an IPv4 or IPv6 address"
        case .port(let port): "\(port) is not a port: 1 to 65535"
        case .attributeKey(let key): "the attribute name \"\(key)\" is not 1 to 255 visible ASCII characters"
        case .attributeValue(let key):
            "the value of the attribute \(key) is not ASCII of at most 1,024 characters without spaces at its ends"
        case .reserved(let key): "the attribute \(key) cannot be set: names that begin with AWS_ are Cloud Map's own"
        case .tooMany(let count): "\(count) attributes are more than Cloud Map's limit of 30"
        case .tooLong(let count): "attributes of \(count) characters are longer than Cloud Map's limit of 5000"
        }
    }
}
