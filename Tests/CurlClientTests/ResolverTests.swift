import Dispatch
import EventLoop
import Synchronization
import TestSupport
import Testing

@testable import CurlClient

/// Lookups that block until the test lets them go.
private final class HeldLookups: Sendable {
    let started = Atomic<Int>(0)
    private let gate = DispatchSemaphore(value: 0)

    @Sendable func find(_ name: String) -> Resolver.Answer {
        started.add(1, ordering: .relaxed)
        gate.wait()
        return .success(["192.0.2.1"])
    }

    func release(_ count: Int) {
        for _ in 0..<count { gate.signal() }
    }
}

/// The resolver's owner, as the prober is.
private actor Owner {
    nonisolated let loop = EventLoop()
    private var resolver: Resolver?
    private var ended = 0
    private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func start(_ lookups: HeldLookups) {
        resolver = Resolver(on: loop, find: lookups.find) { [weak self] name, _, _ in
            self?.assumeIsolated { $0.end(name) }
        }
    }

    func lookUp(_ name: String) -> Int? { resolver?.lookUp(name) }

    private func end(_ name: String) {
        _ = resolver?.ended(name)
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
    @Test("Lookups that name servers leave unanswered do not pile up, for one name or for all")
    func bounds() async throws {
        let (owner, lookups) = (Owner(), HeldLookups())
        await owner.start(lookups)
        var numbers: [Int?] = []
        for _ in 0..<100 { numbers.append(await owner.lookUp("dead")) }
        // The first few are made; the others wait for the newest of these.
        #expect(numbers.prefix(4) == [1, 2, 3, 4])
        #expect(numbers.dropFirst(4).allSatisfy { $0 == 4 })

        // So many of all names are made at a time; the rest wait for their turn, each name once.
        for index in 0..<200 { numbers.append(await owner.lookUp("dead-\(index)")) }
        for index in 100..<200 { numbers.append(await owner.lookUp("dead-\(index)")) }
        #expect(numbers.compactMap(\.self).max() == 65)
        // Threads take their time to start.
        try await waitUntil("64 lookups") { lookups.started.load(ordering: .relaxed) == 64 }

        lookups.release(64)
        await owner.untilEnded(64)
        lookups.release(64)
        await owner.untilEnded(128)
        lookups.release(76)
        await owner.untilEnded(204)
        #expect(lookups.started.load(ordering: .relaxed) == 204)
        #expect(await owner.lookUp("dead") == 205)
        lookups.release(1)
        await owner.untilEnded(205)
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
