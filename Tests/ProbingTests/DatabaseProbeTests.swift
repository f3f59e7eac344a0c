import CurlClient
import EventLoop
import HTTPClient
import Health
import Probing
import TestSupport
import Testing

@Suite("Probing databases", .timeLimit(.minutes(5)))
struct DatabaseProbeTests {
    private static let greeting: [UInt8] =
        [57, 0, 0, 0, 10] + Array("8.4\0".utf8) + [UInt8](repeating: 1, count: 20) + [0]
        + [UInt8](repeating: 0, count: 10) + [UInt8](repeating: 1, count: 12) + [0] + Array("caching\0".utf8)
    private static let denied: [UInt8] = [9, 0, 0, 2, 0xFF, 0x15, 4] + Array("#28000".utf8)
    private static let full: [UInt8] = [7, 0, 0, 0, 0xFF, 0x10, 4] + Array("Full".utf8)
    private let loop = EventLoop()
    private let prober: TargetProber

    init() async throws {
        prober = try await .started(on: loop)
    }

    private func probe(
        _ port: UInt16, as database: Database = .mysql, host: String = "127.0.0.1",
        within limit: Duration = .seconds(20)
    ) async -> Outcome {
        let url = URL(scheme: .tcp, host: host, port: Int(port), target: "")
        let target = Target(id: "db", probe: .database(database, url), timeout: limit)
        return await prober.outcome(of: target, within: ProbeLimit(timeout: limit))
    }

    @Test("The greeting is answered, and the refusal of a client without a password is healthy, again and again")
    func denied() async throws {
        let login = 4 + 32 + "healthz\0\0caching\0".utf8.count
        let upstream = try FaultyUpstream([
            .sendBytes(Array(Self.greeting.prefix(20))), .wait(.milliseconds(20)),
            .sendBytes(Array(Self.greeting.dropFirst(20))), .readContent(login), .sendBytes(Self.denied), .close,
        ])
        defer { upstream.stop() }
        for host in ["127.0.0.1", "localhost", "127.0.0.1"] {
            #expect(await probe(upstream.port, host: host) == Outcome(status: nil, .up))
        }
        #expect(upstream.contents.count == 3)
        #expect(upstream.contents.allSatisfy { String(decoding: $0, as: UTF8.self).hasSuffix("healthz\0\0caching\0") })
    }

    @Test("A server that does not accept clients gives the reason")
    func refused() async throws {
        let upstream = try FaultyUpstream([.sendBytes(Self.full), .close])
        defer { upstream.stop() }
        #expect(await probe(upstream.port) == .failed(.database(.mysql, words: #"1040 "Full""#)))
    }

    @Test("A dialogue that ends too early, or not at all, has its cause")
    func transfers() async throws {
        let upstream = try FaultyUpstream([.close])
        defer { upstream.stop() }
        #expect(await probe(upstream.port) == .failed(.transfer(.empty)))
        upstream.change(to: [.sendBytes(Array(Self.greeting.prefix(20))), .close])
        #expect(await probe(upstream.port) == .failed(.transfer(.incomplete)))
        upstream.change(to: [.freeze])
        let limit = Duration.milliseconds(300)
        for database in Database.allCases {
            #expect(
                await probe(upstream.port, as: database, within: limit)
                    == .failed(.transfer(.timeout(limit: limit, waitingFor: .response))))
        }
        // Notices without end.
        upstream.change(to: [.endless("N\0\0\0\u{04}")])
        #expect(await probe(upstream.port, as: .postgres).verdict.reason?.code == "too_large")
        let closed = try ClosedPort()
        #expect(await probe(closed.port).verdict.reason?.code == "refused")
    }
}
