import HTTPWire
import Reporting
import Sockets
import Testing

@testable import API

@Suite("Access to details")
struct AudienceTests {
    private static let token = "0123456789abcdef"

    private static func audience(everybody: Bool = false, _ networks: [Network?] = []) -> Audience {
        Audience(includesEverybody: everybody, networks: networks.compactMap(\.self), token: token)
    }

    private func detail(_ audience: Audience, from peer: Peer, authorization: String? = nil) throws -> Detail {
        let field = authorization.map { "Authorization: \($0)\r\n" } ?? ""
        let call = try #require(Call("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n"))
        return audience.detail(for: call.head, peer).0
    }

    @Test("All clients, none, or those in certain networks see details; clients of a UNIX domain socket always do")
    func networks() throws {
        let near = Network(address: [192, 0, 2, 0], prefix: 24)
        let (inside, outside) = (Peer.at("192.0.2.1"), Peer.at("198.51.100.1"))
        #expect(try detail(Self.audience(everybody: true), from: outside) == .full)
        #expect(try detail(Self.audience(), from: inside) == .summary)
        #expect(try detail(Self.audience([near]), from: inside) == .full)
        #expect(try detail(Self.audience([near]), from: outside) == .summary)
        #expect(try detail(Self.audience(), from: .unix) == .full)
    }

    @Test("An untrusted address can reduce the shown details, but not add any")
    func unverified() throws {
        let near = Network(address: [192, 0, 2, 0], prefix: 24)
        let (inside, outside) = (Peer.at("192.0.2.1"), Peer.at("198.51.100.1"))
        let claims: [(Peer, Detail)] = [
            (inside.proxying(host: "192.0.2.7", port: 1, isTrusted: false), .full),
            (inside.proxying(host: "198.51.100.1", port: 1, isTrusted: false), .summary),
            (outside.proxying(host: "192.0.2.7", port: 1, isTrusted: false), .summary),
            (outside.proxying(host: "192.0.2.7", port: 1, isTrusted: true), .full),
        ]
        for (peer, expected) in claims { #expect(try detail(Self.audience([near]), from: peer) == expected, "\(peer)") }
    }

    @Test(
        "The token shows them, and nothing that resembles it does",
        arguments: [
            ("Bearer \(token)", .full), ("bearer \(token)", .full), ("Bearer ", .summary), (token, .summary),
            ("Bearer 0123456789abcdeF", .summary), ("Bearer 0123456789abcde", .summary),
            ("Bearer \(token)\(token)", .summary), ("Basic \(token)", .summary),
        ] as [(String, Detail)])
    func tokens(authorization: String, expected: Detail) throws {
        #expect(try detail(Self.audience(), from: .at("192.0.2.1"), authorization: authorization) == expected)
    }
}
