import Dispatch
import EventLoop
import Synchronization
import TestSupport
import Testing

@Suite("Kept threads", .timeLimit(.minutes(5)))
struct WorkersTests {
    @Test("Jobs run on the given number of threads, and on no more")
    func number() async throws {
        let workers = Workers(3)
        let (running, done, gate) = (Guarded(0), Guarded(0), DispatchSemaphore(value: 0))
        for _ in 0..<9 {
            let failure = workers.run {
                running.withLock { $0 += 1 }
                gate.wait()
                running.withLock { $0 -= 1 }
                done.withLock { $0 += 1 }
            }
            #expect(failure == nil)
        }
        for round in 1...3 {
            try await waitUntil("three at work") { running.withLock { $0 } == 3 }
            for _ in 0..<3 { gate.signal() }
            try await waitUntil("three are done") { done.withLock { $0 } >= 3 * round }
        }
        #expect(done.withLock { $0 } == 9)
    }

    @Test("A thread that may never become free is replaced, up to a limit")
    func another() async throws {
        let workers = Workers(1, most: 2)
        let (running, gate) = (Guarded(0), DispatchSemaphore(value: 0))
        for _ in 0..<3 {
            let failure = workers.run {
                running.withLock { $0 += 1 }
                gate.wait()
            }
            #expect(failure == nil)
        }
        try await waitUntil("one at work") { running.withLock { $0 } == 1 }
        for _ in 0..<3 { workers.addOne() }
        try await waitUntil("two at work") { running.withLock { $0 } == 2 }
        gate.signal()
        try await waitUntil("the third as well") { running.withLock { $0 } == 3 }
        for _ in 0..<2 { gate.signal() }
    }

    @Test("Running and waiting jobs are finished after the owner is gone, and then the threads end")
    func end() async throws {
        final class Witness: Sendable {}
        weak var observed: Witness?
        let done = Guarded(0)
        do {
            let (workers, witness) = (Workers(2), Witness())
            observed = witness
            for _ in 0..<20 {
                _ = workers.run { [witness] in
                    _ = witness
                    done.withLock { $0 += 1 }
                }
            }
        }
        try await waitUntil("all is done") { done.withLock { $0 } == 20 }
        try await waitUntil("nothing is kept") { observed == nil }
    }
}
