import Configuration
import HTTPTypes
import HTTPWire
import Reporting
import Sockets

/// Decides who is shown the details of a report, and who its verdicts alone.
struct Audience {
    private let policy: DetailPolicy
    private let token: [UInt8]?

    init(_ configuration: Configuration) {
        policy = configuration.detail
        token = configuration.detailToken.map { Array($0.utf8) }
    }

    /// - Returns: also what to tell a client that has shown a token in vain.
    func detail(for head: RequestHead, _ peer: Peer) -> (Detail, warning: String?) {
        if policy == .full || isNear(peer) { return (.full, nil) }
        guard let token, let given = bearerToken(head) else { return (.summary, nil) }
        guard Audience.isEqual(given, token) else {
            return (.summary, "Authorization: not the token that shows the details")
        }
        return (.full, nil)
    }

    private func isNear(_ peer: Peer) -> Bool {
        // Whoever can open the socket's file is let in by the file system.
        guard let host = peer.host else { return true }
        guard case .networks(let networks) = policy else { return false }
        // A header that anybody can send may narrow what is shown, and never widens it.
        return [host, peer.unverifiedClient].compactMap(\.self).allSatisfy { address in
            networks.contains { $0.contains(address) }
        }
    }

    /// RFC 6750 §2.1.
    private func bearerToken(_ head: RequestHead) -> [UInt8]? {
        guard let text = head.fields[.authorization] else { return nil }
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return Array(parts[1].utf8)
    }

    /// In a time that tells nothing of where they differ.
    private static func isEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
        var difference = given.count ^ secret.count
        for (index, byte) in given.enumerated() { difference |= Int(byte ^ secret[index % secret.count]) }
        return difference == 0
    }
}
