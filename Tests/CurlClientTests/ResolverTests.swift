import Dispatch
import EventLoop
import Synchronization
import TestSupport
import Testing
import Time

@testable import CurlClient

/// Lookups that block until the test lets them go.
private final class HeldLookups: Sendable {
    let started = Atomic<Int>(0)
    private let gate = DispatchSemaphore(value: 0)

    @Sendable func find(_ name: String, _ kind: Resolver.Kind) -> Resolver.Answer {
        started.add(1, ordering: .relaxed)
        gate.wait()
        return .success(["192.0.2.1"])
    }

    func release(_ count: Int) {
        for _ in 0..<count { gate.signal() }
    }
}

/// The resolver's owner, as the client is.
private actor Owner {
    nonisolated let loop = EventLoop()
    private var resolver: Resolver?
    private var ended = 0
    private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func start(_ lookups: HeldLookups) {
        resolver = Resolver(on: loop, find: lookups.find) { [weak self] lookup, _ in
            self?.assumeIsolated { $0.end(lookup) }
        }
    }

    func lookUp(_ name: String, _ kind: Resolver.Kind = .both) -> Int? { resolver?.lookUp(name, kind, at: .now) }

    private func end(_ lookup: Resolver.Lookup) {
        _ = resolver?.ended(lookup, at: .now)
        ended += 1
        if let waiting, ended >= waiting.count {
            self.waiting = nil
            waiting.continuation.resume()
        }
    }

    func untilEnded(_ count: Int) async {
        if ended < count { await withCheckedContinuation { waiting = (count, $0) } }
    }
}

@Suite("The resolver", .timeLimit(.minutes(5)))
struct ResolverTests {
    @Test("The number of unanswered lookups is limited, for one name and for all names")
    func bounds() async throws {
        let (owner, lookups) = (Owner(), HeldLookups())
        await owner.start(lookups)
        var numbers: [Int?] = []
        for _ in 0..<100 { numbers.append(await owner.lookUp("dead")) }
        // The first two are made; the others wait for the newer of these.
        #expect(numbers.prefix(2) == [1, 2])
        #expect(numbers.dropFirst(2).allSatisfy { $0 == 2 })

        // So many of all names are made at a time; the rest wait for their turn, each name once.
        for index in 0..<200 { numbers.append(await owner.lookUp("dead-\(index)")) }
        for index in 100..<200 { numbers.append(await owner.lookUp("dead-\(index)")) }
        #expect(numbers.compactMap(\.self).max() == 9)
        try await waitUntil("8 lookups") { lookups.started.load(ordering: .relaxed) == 8 }

        // The other kinds have places of their own.
        #expect(await owner.lookUp("other", .four) == 9)
        #expect(await owner.lookUp("other", .six) == 10)
        try await waitUntil("10 lookups") { lookups.started.load(ordering: .relaxed) == 10 }

        lookups.release(204)
        await owner.untilEnded(204)
        #expect(lookups.started.load(ordering: .relaxed) == 204)
        #expect(await owner.lookUp("dead") == 205)
        lookups.release(1)
        await owner.untilEnded(205)
    }

    @Test("Of both families, a name's addresses are found alone and together")
    func families() throws {
        let (four, six) = (["127.0.0.1"], ["::1"])
        #expect(try Resolver.addresses(of: "localhost", .four).get() == four)
        let both = try Resolver.addresses(of: "localhost", .both).get()
        #expect(both.contains("127.0.0.1"))
        guard case .success(let found) = Resolver.addresses(of: "localhost", .six) else { return }
        #expect(found == six)
        #expect(Set(both).isSubset(of: four + six))
    }

    @Test("IPv6 comes first where there is a way to it, unless it is unique local")
    func order() {
        #expect(Reachability.sixComesFirst(["::1"], beside: ["127.0.0.1"]))
        #expect(Reachability.sixComesFirst(["fd00::1"], beside: []))
        #expect(!Reachability.sixComesFirst(["fd00::1"], beside: ["127.0.0.1"]))
        #expect(!Reachability.sixComesFirst([], beside: ["127.0.0.1"]))
        #expect(!Reachability.sixComesFirst(["no address"], beside: ["127.0.0.1"]))
    }

    @Test(
        "Addresses are told from names",
        arguments: [
            ("127.0.0.1", true), ("::1", true), ("fe80::1%eth0", true), ("localhost", false), ("1.2.3", false),
            ("10.0.0.7.example", false), ("", false),
        ])
    func addresses(host: String, isAddress: Bool) {
        #expect(Resolver.isAddress(host) == isAddress)
    }
}
