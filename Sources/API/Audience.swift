import HTTPTypes
import HTTPWire
import Reporting
package import Sockets

/// Decides whether a client gets the details of a report or only its verdicts.
package struct Audience: Sendable {
    private let includesEverybody: Bool
    private let networks: [Network]
    private let token: [UInt8]?

    /// - Parameters:
    ///   - networks: clients in these networks get the details. Clients of a UNIX domain socket always do, because
    ///   the file system has let them in.
    ///   - token: a secret. A client that sends it gets the details.
    package init(includesEverybody: Bool, networks: [Network], token: String?) {
        self.includesEverybody = includesEverybody
        self.networks = networks
        self.token = token.map { Array($0.utf8) }
    }

    /// - Returns: the detail, and a warning if the client has sent a wrong token.
    func detail(for head: RequestHead, _ peer: Peer) -> (Detail, warning: String?) {
        if includesEverybody || isNear(peer) { return (.full, nil) }
        guard let token, let given = bearerToken(head) else { return (.summary, nil) }
        guard Audience.isEqual(given, token) else {
            return (.summary, "Authorization: not the token that shows the details")
        }
        return (.full, nil)
    }

    private func isNear(_ peer: Peer) -> Bool {
        guard let host = peer.host else { return true }
        guard !networks.isEmpty else { return false }
        // Any client can send this header, so it may reduce the details, but never add any.
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

    /// Takes the same time for every wrong token, so that the time tells nothing about the right one.
    private static func isEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
        var difference = given.count ^ secret.count
        for (index, byte) in given.enumerated() { difference |= Int(byte ^ secret[index % secret.count]) }
        return difference == 0
    }
}
