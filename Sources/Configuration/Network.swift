import Glibc
import Health

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
package struct Network: Sendable, Hashable {
    private let address: [UInt8]
    private let prefix: Int

    package init(_ text: String) throws(ValueError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = Network.bytes(parts[0]) else {
            throw ValueError("is not a network such as 10.0.0.0/8 or fd00::/8")
        }
        let bits = address.count * 8
        guard let prefix = parts.count == 1 ? bits : Int(digits: parts[1]), prefix <= bits else {
            throw ValueError("has a prefix length that is not 0 to \(bits)")
        }
        self.address = address
        self.prefix = prefix
        guard (0..<bits).allSatisfy({ $0 < prefix || !Network.bit($0, address) }) else {
            throw ValueError("has bits set beyond its prefix length")
        }
    }

    /// - Parameter text: an address in numbers, as a socket's other end has it.
    package func contains(_ text: String) -> Bool {
        guard let other = Network.bytes(String(text.prefix { $0 != "%" })), other.count == address.count else {
            return false
        }
        return (0..<prefix).allSatisfy { Network.bit($0, address) == Network.bit($0, other) }
    }

    private static func bit(_ index: Int, _ bytes: [UInt8]) -> Bool {
        bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}

/// Who is shown more than verdicts.
package enum DetailPolicy: Sendable, Hashable {
    case full, summary
    case networks([Network])

    package init(_ text: String) throws(ValueError) {
        switch text {
        case "full": self = .full
        case "summary": self = .summary
        default: self = .networks(try Network.list(text, orOneOf: "full, summary"))
        }
    }
}

/// Who may begin a connection with a header of the PROXY protocol.
package enum ProxyProtocolPolicy: Sendable, Hashable {
    case off
    /// Everybody; the address in the header is not trusted.
    case on
    /// These networks alone; the address in the header counts as the client's.
    case networks([Network])

    package init(_ text: String) throws(ValueError) {
        switch text {
        // YAML 1.1 reads `on` as `true`.
        case "off", "false": self = .off
        case "on", "true": self = .on
        default: self = .networks(try Network.list(text, orOneOf: "off, on"))
        }
    }
}

extension Network {
    /// - Parameter words: what else the value may be, for the message.
    fileprivate static func list(_ text: String, orOneOf words: String) throws(ValueError) -> [Network] {
        var networks: [Network] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            do {
                networks.append(try Network(String(part.drop { $0 == " " })))
            } catch {
                throw ValueError(error.problem.replacing("is not a network", with: "is not \(words), or a network"))
            }
        }
        return networks
    }
}
