import EventLoop
import Glibc
import HTTPTypes
import HTTPWire
import Health
import Sockets
import TestSupport
import Time

import struct HTTPClient.Request
import struct HTTPClient.URL

@testable import API

/// One request, and what is sent in response to it.
final class Call: Reply {
    private let machine: Guarded<ConnectionMachine>
    private let sent = Guarded<[RawResponse]>([])
    let head: RequestHead

    /// nil if the text is no request.
    init?(_ text: String) {
        var machine = ConnectionMachine()
        let bytes = Array(text.utf8)
        guard case .answer(let head) = machine.received(bytes.span) else { return nil }
        self.head = head
        self.machine = Guarded(machine)
    }

    func send(_ response: Response) {
        var output: [UInt8] = []
        machine.withLock { _ = $0.answer(response, date: HTTPDate(seconds: 0), into: &output) }
        guard let (response, _) = RawResponse.parse(output, hasContent: head.method != .head) else { return }
        sent.withLock { $0.append(response) }
    }

    var responses: [RawResponse] { sent.withLock { $0 } }
}

/// A prober whose probes end when the test says so.
private actor HeldProber: Prober {
    private nonisolated let loop: EventLoop
    private var running: [@Sendable (Outcome) -> Void] = []

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void) {
        assumeIsolated { $0.running.append(ended) }
    }

    var count: Int { running.count }

    func endAll(_ outcome: Outcome) {
        let ended = running
        running = []
        for ended in ended { ended(outcome) }
    }
}

/// A responder with an aggregator over probes that the test ends, all on one loop.
actor Desk {
    private nonisolated let loop: EventLoop
    private let prober: HeldProber
    private let responder: HealthResponder
    private let aggregator: Aggregator
    private nonisolated let clockReads = Guarded(0)

    init(
        _ services: [String] = ["loki", "tempo"], _ freshness: Aggregator.Freshness = .onDemand(maxAge: .zero),
        statuses: Statuses = Statuses(unhealthy: 500),
        audience: Audience = Audience(includesEverybody: true, networks: [], token: nil)
    ) async {
        loop = EventLoop()
        prober = HeldProber(on: loop)
        let plan = Aggregator.Plan(
            services: services.map(Desk.service), deadline: .seconds(2), freshness: freshness)
        let reads = clockReads
        let clock: @Sendable () -> Moment = {
            reads.withLock { $0 += 1 }
            return .now
        }
        aggregator = Aggregator(on: loop, plan: plan, prober: prober, clock: clock)
        responder = HealthResponder(
            on: loop, aggregator,
            HealthResponder.Settings(
                services: services, statuses: statuses, audience: audience, loadedAt: Timestamp(milliseconds: 0)),
            from: Origin(version: "1.2.3", node: "here"))
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private static func service(_ name: String) -> Service {
        let request = Request(URL(scheme: .http, host: name, target: "/"))
        return Service(
            name: name, target: Target(id: name, probe: .http(request, Expectation(.only(200))), timeout: .seconds(1)))
    }

    /// - Returns: with its response, if it was answered at once.
    func call(
        _ path: String, _ fields: [String] = [], method: String = "GET", from peer: Peer = .at("192.0.2.1")
    ) -> Call? {
        let lines = (["\(method) \(path) HTTP/1.1", "Host: a"] + fields).map { "\($0)\r\n" }.joined()
        guard let call = Call(lines + "\r\n") else { return nil }
        if let response = responder.assumeIsolated({ $0.respond(to: call.head, from: peer, by: call) }) {
            call.send(response)
        }
        return call
    }

    /// The response after all probes have ended so.
    func get(
        _ path: String, _ fields: [String] = [], method: String = "GET", from peer: Peer = .at("192.0.2.1"),
        ending outcome: Outcome = .ok
    ) -> RawResponse? {
        let call = call(path, fields, method: method, from: peer)
        endProbes(outcome)
        return call?.responses.first
    }

    var runningProbes: Int { prober.assumeIsolated { $0.count } }

    func endProbes(_ outcome: Outcome) { prober.assumeIsolated { $0.endAll(outcome) } }

    /// Starts a check that nobody has asked for.
    func check() { aggregator.assumeIsolated { $0.check() } }

    /// How often the clock was read since the last call of this.
    func takeClockReads() -> Int {
        clockReads.withLock { reads in
            defer { reads = 0 }
            return reads
        }
    }

    func maintain(_ reason: String?) { responder.assumeIsolated { $0.maintain(reason) } }

    func drain() { responder.assumeIsolated { $0.drain() } }

    func adopt(_ services: [String], unhealthyStatus: Int) {
        aggregator.assumeIsolated {
            $0.replace(
                Aggregator.Plan(
                    services: services.map(Desk.service), deadline: .seconds(2), freshness: .onDemand(maxAge: .zero)))
        }
        responder.assumeIsolated {
            $0.adopt(
                HealthResponder.Settings(
                    services: services, statuses: Statuses(unhealthy: unhealthyStatus),
                    audience: Audience(includesEverybody: true, networks: [], token: nil),
                    loadedAt: Timestamp(milliseconds: 2000)))
        }
    }

    func failReload() { responder.assumeIsolated { $0.reloadFailed(at: Timestamp(milliseconds: 1000)) } }

    func readServerFigures(with figures: @escaping @Sendable () -> ServerFigures) {
        responder.assumeIsolated { $0.readServerFigures(with: figures) }
    }
}

extension Outcome {
    static let ok = Outcome(status: 200, .up)
    static let refused = Outcome.failed(.transfer(.refused(place: "192.0.2.9:80")))
}

extension Peer {
    static func at(_ host: String) -> Peer {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        inet_pton(AF_INET6, host.contains(":") ? host : "::ffff:\(host)", &address.sin6_addr)
        return Peer(copying: address)
    }

    static let unix: Peer = {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        return Peer(copying: address)
    }()

    private init<Address>(copying address: Address) {
        self = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Peer(SocketAddress(copying: $0, length: socklen_t(MemoryLayout<Address>.size)))
            }
        }
    }
}
