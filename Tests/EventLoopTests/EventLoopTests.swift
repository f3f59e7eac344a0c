import Dispatch
import EventLoop
import Foundation
import Testing
import Time

@Suite("Deadlines")
struct DeadlinesTests {
    private let start = Instant.now

    private func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    @Test("They pass in their order, and not before their time")
    func order() {
        var deadlines = Deadlines()
        deadlines.set(2, to: at(2))
        deadlines.set(1, to: at(1))
        deadlines.set(3, to: at(3))
        #expect(deadlines.earliest == at(1))
        #expect(deadlines.popPassed(at: at(0)) == nil)
        #expect(deadlines.popPassed(at: at(2)) == 1)
        #expect(deadlines.popPassed(at: at(2)) == 2)
        #expect(deadlines.popPassed(at: at(2)) == nil)
        #expect(deadlines.count == 1)
    }

    @Test("One that is moved passes at its new time only, later or earlier")
    func moved() {
        var deadlines = Deadlines()
        deadlines.set(1, to: at(1))
        deadlines.set(1, to: at(5))
        #expect(deadlines.popPassed(at: at(4)) == nil)
        deadlines.set(1, to: at(2))
        #expect(deadlines.popPassed(at: at(4)) == 1)
        #expect(deadlines.popPassed(at: at(9)) == nil)
        #expect(deadlines.count == 0)
    }

    @Test("One that is dropped never passes, unless it is set again")
    func dropped() {
        var deadlines = Deadlines()
        deadlines.set(1, to: at(1))
        deadlines.set(2, to: at(2))
        deadlines.remove(1)
        deadlines.remove(7)
        #expect(deadlines.count == 1)
        deadlines.set(1, to: at(3))
        #expect(deadlines.popPassed(at: at(2)) == 2)
        #expect(deadlines.popPassed(at: at(2)) == nil)
        #expect(deadlines.popPassed(at: at(3)) == 1)
        #expect(deadlines.earliest == nil)
    }

    @Test("It agrees with a plain list over many random steps")
    func randomised() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var deadlines = Deadlines()
            var plain: [Int: Instant] = [:]
            var now = 0
            for _ in 0..<200 {
                let id = Int.random(in: 0..<8, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    deadlines.remove(id)
                    plain[id] = nil
                case 1:
                    now += Int.random(in: 0..<4, using: &random)
                    var passed: Set<Int> = []
                    while let id = deadlines.popPassed(at: at(now)) { passed.insert(id) }
                    let expected = Set(plain.filter { $0.value <= at(now) }.keys)
                    #expect(passed == expected)
                    for id in expected { plain[id] = nil }
                default:
                    let due = at(now + Int.random(in: 0..<10, using: &random))
                    deadlines.set(id, to: due)
                    plain[id] = due
                }
                #expect(deadlines.count == plain.count)
                if let earliest = plain.values.min() {
                    #expect(deadlines.earliest.map { $0 <= earliest } ?? false)
                } else {
                    #expect(deadlines.earliest == nil)
                }
            }
        }
    }
}

/// Something on a loop that counts.
private actor Counter {
    nonisolated let loop: EventLoop
    private(set) var count = 0
    private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    private var timer: LoopTimer?
    private var poll: Poll?
    private(set) var seen: [Poll.Events] = []

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func add() {
        count += 1
        if let waiting, count >= waiting.count {
            self.waiting = nil
            waiting.continuation.resume()
        }
    }

    func until(_ wanted: Int) async {
        if count < wanted { await withCheckedContinuation { waiting = (wanted, $0) } }
    }

    /// What others have counted between the beginning of this method and its first wait: nothing, as all run on
    /// one loop.
    func countAtContinuation() async -> Int {
        loop.queue.async { self.assumeIsolated { $0.add() } }
        return await withCheckedContinuation { $0.resume(returning: count) }
    }

    /// A task that says whether it is on the loop.
    func startTask() -> Task<Bool, Never> {
        Task {
            loop.checkIsolated()
            add()
            return count == 1
        }
    }

    func startTimer(in time: Duration, thenMoveTo later: Duration? = nil) {
        let timer = LoopTimer(on: loop) { [weak self] in
            self?.assumeIsolated {
                $0.timer?.fired()
                $0.add()
            }
        }
        timer.wake(by: .now + time)
        if let later { timer.wake(by: .now + later) }
        self.timer = timer
    }

    func watch(_ descriptor: Int32) throws {
        let poll = try Poll(on: loop) { [weak self] in
            self?.assumeIsolated { counter in
                counter.poll?.drain { descriptor, events in
                    var byte: UInt8 = 0
                    _ = read(descriptor, &byte, 1)
                    counter.seen.append(events)
                    counter.add()
                }
            }
        }
        try poll.add(descriptor, [.readable, .inputEnded])
        self.poll = poll
    }

    func unwatch(_ descriptor: Int32) { poll?.remove(descriptor) }
}

@Suite("The loop", .timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test("Actors on a loop are isolated in its handlers")
    func isolation() async {
        let loop = EventLoop()
        let counter = Counter(on: loop)
        for _ in 0..<100 { loop.queue.async { counter.assumeIsolated { $0.add() } } }
        await counter.until(100)
        #expect(await counter.count == 100)
    }

    @Test("An actor's method is not interrupted where it does not wait")
    func atomicity() async {
        for _ in 0..<100 {
            #expect(await Counter(on: EventLoop()).countAtContinuation() == 0)
        }
    }

    @Test("Tasks that an actor starts run on its loop")
    func tasks() async {
        #expect(await Counter(on: EventLoop()).startTask().value)
    }

    @Test("A timer fires by the earliest instant it was set to")
    func timer() async {
        let loop = EventLoop()
        let counter = Counter(on: loop)
        let start = Instant.now
        await counter.startTimer(in: .milliseconds(20), thenMoveTo: .seconds(3600))
        await counter.until(1)
        #expect(Instant.now - start >= .milliseconds(20))
        await counter.startTimer(in: .seconds(3600), thenMoveTo: .milliseconds(20))
        await counter.until(2)
    }

    @Test("A descriptor is told of when it is ready, and no more once it is not watched")
    func poll() async throws {
        let loop = EventLoop()
        let counter = Counter(on: loop)
        var pair: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        try await counter.watch(pair[0])
        _ = write(pair[1], "ab", 2)
        await counter.until(2)
        await counter.unwatch(pair[0])
        let other = Counter(on: loop)
        try await other.watch(pair[0])
        _ = write(pair[1], "c", 1)
        await other.until(1)
        #expect(await counter.count == 2)
        #expect(await counter.seen.allSatisfy { $0 == [.readable] })
    }

    @Test("A descriptor that cannot be watched is an error that says why")
    func unwatchable() async throws {
        let error = await #expect(throws: SystemError.self) { try await Counter(on: EventLoop()).watch(-1) }
        #expect(error == SystemError(call: "epoll_ctl", code: EBADF))
        #expect("\(SystemError(call: "epoll_ctl", code: EBADF))" == "epoll_ctl: Bad file descriptor")
    }
}
