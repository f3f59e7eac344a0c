import Health
package import Sockets

extension Network {
    /// Reads a network from a setting: `10.0.0.0/8`, `fd00::/8`, or one address.
    package init(_ text: String) throws(ValueError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = Network.bytes(parts[0]) else {
            throw ValueError("is not a network such as 10.0.0.0/8 or fd00::/8")
        }
        let bits = address.count * 8
        guard let prefix = parts.count == 1 ? bits : Int(digits: parts[1]), prefix <= bits else {
            throw ValueError("has a prefix length that is not 0 to \(bits)")
        }
        guard let network = Network(address: address, prefix: prefix) else {
            throw ValueError("has bits set beyond its prefix length")
        }
        self = network
    }
}

/// The clients that see details.
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

/// The clients that may begin a connection with a header of the PROXY protocol.
package enum ProxyProtocolPolicy: Sendable, Hashable {
    case off
    /// All clients; the address in the header is not trusted.
    case on
    /// Only these networks; the address in the header counts as the client's.
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
    /// - Parameter words: the other allowed values, for the message.
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
