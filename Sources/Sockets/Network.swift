import Glibc

/// A range of addresses.
package struct Network: Sendable, Hashable {
    private let address: [UInt8]
    private let prefix: Int

    /// - Parameters:
    ///   - address: 4 or 16 bytes in network byte order.
    ///   - prefix: the number of bits that all addresses of the network share.
    /// - Returns: nil if other bits are set.
    package init?(address: [UInt8], prefix: Int) {
        let bits = 0..<address.count * 8
        guard bits.allSatisfy({ $0 < prefix || !Network.bit($0, address) }) else { return nil }
        self.address = address
        self.prefix = prefix
    }

    /// - Parameter text: a numeric address, as of a peer.
    package func contains(_ text: String) -> Bool {
        guard let other = Network.bytes(String(text.prefix { $0 != "%" })), other.count == address.count else {
            return false
        }
        return (0..<prefix).allSatisfy { Network.bit($0, address) == Network.bit($0, other) }
    }

    /// The bytes of an address in text form; nil if it is not an address.
    package static func bytes(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    private static func bit(_ index: Int, _ bytes: [UInt8]) -> Bool {
        bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0
    }
}
