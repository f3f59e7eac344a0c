/// What the readiness check of Loki, Tempo and Mimir says of their ring (grafana/dskit, ring/lifecycler.go and basic_lifecycler.go):
/// `Ingester not ready: instance 10.0.0.8:9095 past heartbeat timeout`, or `… instance 10.0.0.8:9095 in state PENDING`.
enum PeerNotice {
    /// No such sentence is longer.
    private static let limit = 1024

    /// Whether the body names an instance that is not this one.
    /// - Parameter ringAddress: this one's, with or without a port; nil where it is not known. An instance without a heartbeat is
    ///   another one, as this one answers; one in some state may be this one.
    static func names(peerOf ringAddress: String?, _ body: [UInt8]) -> Bool {
        let words = String(decoding: body.prefix(limit), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let start = words.firstIndex(of: "instance"), words.count > start + 3 else { return false }
        let name = words[start + 1]
        let isOwn = ringAddress.map { $0 == name || $0 == host(of: name) }
        let rest = words[(start + 2)...]
        if rest.starts(with: ["past", "heartbeat", "timeout"]) { return isOwn != true }
        return rest.starts(with: ["in", "state"]) && isOwn == false
    }

    private static func host(of name: Substring) -> String {
        guard let colon = name.lastIndex(of: ":") else { return String(name) }
        let host = name[..<colon]
        return host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
    }
}
