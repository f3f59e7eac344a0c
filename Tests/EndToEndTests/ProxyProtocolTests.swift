import Foundation
import TestSupport
import Testing

@Suite("Connections that begin with a PROXY protocol header", .serialized, .timeLimit(.minutes(5)))
struct ProxyProtocolTests {
    /// From 192.0.2.1, as a balancer with `proxy_protocol_v2.enabled` sends it: version 2, with a TLV of AWS' behind the
    /// addresses.
    private static let balancer: [UInt8] =
        Array("\r\n\r\n\0\r\nQUIT\n".utf8)
        + [0x21, 0x11, 0, 19, 192, 0, 2, 1, 127, 0, 0, 1, 0xDC, 0x04, 0x1F, 0x90, 0xEA, 0, 4, 1, 0x76, 0x70, 0x63]
    private static let local: [UInt8] = Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x20, 0, 0, 0]
    private static let line = Array("PROXY TCP4 192.0.2.1 127.0.0.1 56324 8080\r\n".utf8)

    private static func sidecar(_ settings: [String: String]) throws -> RunningSidecar {
        let closed = try ClosedPort()
        let services = ["GRAFANA_ENDPOINT": closed.url, "LOKI_ENDPOINT": "", "TEMPO_ENDPOINT": ""]
        return try RunningSidecar(services.merging(settings) { _, new in new })
    }

    private static func answer(_ sidecar: RunningSidecar, after header: [UInt8]) throws -> String {
        let client = try RawClient(port: sidecar.port)
        try client.send(header + Array("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
        return try client.readToEnd()
    }

    @Test("By default such a connection is refused, with the reason")
    func off() throws {
        let sidecar = try Self.sidecar([:])
        for header in [Self.balancer, Self.line] {
            let answer = try Self.answer(sidecar, after: header)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("PROXY protocol header, which is not accepted here (proxy_protocol)"))
        }
    }

    @Test("If it is on, connections with and without a header are answered")
    func on() throws {
        let sidecar = try Self.sidecar(["HEALTHZ_PROXY_PROTOCOL": "on"])
        for header in [Self.balancer, Self.local, Self.line, []] {
            let answer = try Self.answer(sidecar, after: header)
            #expect(answer.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
            #expect(answer.contains("\"reason\""))
        }
    }

    @Test("An untrusted address can reduce the shown details, but not add any")
    func untrusted() throws {
        func isShown(_ detail: String, after header: [UInt8]) throws -> Bool {
            let sidecar = try Self.sidecar(["HEALTHZ_PROXY_PROTOCOL": "on", "HEALTHZ_DETAIL": detail])
            return try Self.answer(sidecar, after: header).contains("\"reason\"")
        }
        #expect(try isShown("127.0.0.1", after: []))
        #expect(try isShown("127.0.0.1", after: Self.local))
        #expect(try !isShown("127.0.0.1", after: Self.line))
        #expect(try !isShown("192.0.2.0/24", after: Self.line))
        #expect(try isShown("127.0.0.1,192.0.2.0/24", after: Self.balancer))
    }

    @Test("The header of a trusted network sets the client's address, also in the log; others may send none")
    func trusted() throws {
        let settings = [
            "HEALTHZ_PROXY_PROTOCOL": "127.0.0.0/8", "HEALTHZ_DETAIL": "192.0.2.0/24", "HEALTHZ_ACCESS_LOG": "on",
        ]
        let sidecar = try Self.sidecar(settings)
        #expect(try Self.answer(sidecar, after: Self.balancer).contains("\"reason\""))
        #expect(try !Self.answer(sidecar, after: []).contains("\"reason\""))
        sidecar.program.signal(SIGINT)
        #expect(try sidecar.program.wait().errors.contains("192.0.2.1:56324 GET /healthz 500"))

        let strange = try Self.sidecar(["HEALTHZ_PROXY_PROTOCOL": "10.0.0.0/8"])
        #expect(try Self.answer(strange, after: Self.line).hasPrefix("HTTP/1.1 400 "))
        #expect(try Self.answer(strange, after: []).hasPrefix("HTTP/1.1 500 "))
    }
}
