import Foundation
import TestSupport
import Testing
import Time

@testable import EventLoop

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
        loop.run { self.assumeIsolated { $0.add() } }
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
            self?.assumeIsolated { $0.add() }
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

/// Times at which alarms have come.
private actor Sleepers {
    private nonisolated let loop: EventLoop
    private var timers: [LoopTimer] = []
    private var came: [(index: Int, late: Duration)] = []
    private var all: CheckedContinuation<[(index: Int, late: Duration)], Never>?

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Returns: which has come, in this order, and how long after its time.
    func sleep(_ times: [Duration]) async -> [(index: Int, late: Duration)] {
        let start = Instant.now
        for (index, time) in times.enumerated() {
            let timer = LoopTimer(on: loop) { [weak self] in
                self?.assumeIsolated { $0.hasCome(index, late: .now - (start + time)) }
            }
            timer.wake(by: start + time)
            timers.append(timer)
        }
        return await withCheckedContinuation { all = $0 }
    }

    private func hasCome(_ index: Int, late: Duration) {
        came.append((index, late))
        if came.count == timers.count { all?.resume(returning: came) }
    }
}

@Suite("The loop", .serialized, .timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test("Jobs that arrive together with the loop's own job run", .timeLimit(.minutes(1)))
    func jobsBesideTheServingOne() throws {
        let core = Core()
        let epoll = try core.epoll.get()
        let isRun = DispatchSemaphore(value: 0)
        core.run { core.assumeIsolated { $0.serve(epoll) } }
        core.run { isRun.signal() }
        // Takes both at once.
        core.begin()
        #expect(isRun.wait(timeout: .now() + 10) == .success)
        core.run { core.assumeIsolated { $0.hasEnded = true } }
    }

    @Test("Actors on a loop are isolated in its handlers")
    func isolation() async {
        let loop = EventLoop()
        let counter = Counter(on: loop)
        for _ in 0..<100 { loop.run { counter.assumeIsolated { $0.add() } } }
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

    @Test("Alarms fire in the order of their times, and not early")
    func alarms() async {
        let times = [30, 1, 20, 0, 10, 15].map { Duration.microseconds($0 * 1300) }
        let came = await Sleepers(on: EventLoop()).sleep(times)
        #expect(came.map(\.index) == [3, 1, 4, 5, 2, 0])
        #expect(came.allSatisfy { $0.late >= .zero }, "\(came)")
    }

    @Test("A job from another thread wakes a waiting loop")
    func waking() async throws {
        let (loop, count, thread) = (EventLoop(), Guarded(0), Guarded(""))
        loop.run {
            let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            thread.withLock { $0 = own ?? "" }
        }
        for round in 1...100 {
            try await waitUntil("the loop waits") { isWaiting(thread.withLock { $0 }) }
            loop.run { count.withLock { $0 += 1 } }
            try await waitUntil("the job has run") { count.withLock { $0 } == round }
        }
    }

    private func isWaiting(_ thread: String) -> Bool {
        let state = try? String(contentsOfFile: "/proc/\(thread)/wchan", encoding: .utf8)
        return state == "ep_poll" || state == "do_epoll_wait"
    }

    @Test("A signal is delivered on the loop, whether or not the loop waits when it comes")
    func signals() async throws {
        let (loop, seen) = (EventLoop(), Guarded<[Int32]>([]))
        let signals = Signals([SIGUSR1, SIGUSR2], on: loop) { number in
            loop.checkIsolated()
            seen.withLock { $0.append(number) }
        }
        for number in [SIGUSR1, SIGUSR2, SIGUSR1] {
            kill(getpid(), number)
            try await waitUntil("the signal is delivered") { seen.withLock { $0.last } == number }
        }
        // While the loop is held up, the handler has run.
        let (held, isOver) = (DispatchSemaphore(value: 0), Guarded(false))
        loop.run {
            held.wait()
            isOver.withLock { $0 = true }
        }
        kill(getpid(), SIGUSR2)
        try await waitUntil("the signal has come") { !isPending(SIGUSR2) }
        #expect(seen.withLock { $0.count } == 3)
        held.signal()
        try await waitUntil("the signal is delivered") { seen.withLock { $0.count } == 4 }
        #expect(isOver.withLock { $0 })
        withExtendedLifetime(signals) {}
    }

    private func isPending(_ signal: Int32) -> Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, signal) == 1
    }

    @Test("The former signal handlers are restored at the end")
    func signalsOver() async throws {
        var ignored = sigaction()
        ignored.__sigaction_handler.sa_handler = SIG_IGN
        var former = sigaction()
        sigaction(SIGUSR1, &ignored, &former)
        defer { sigaction(SIGUSR1, &former, nil) }
        let (loop, count) = (EventLoop(), Guarded(0))
        for round in 1...2 {
            let signals = Signals([SIGUSR1], on: loop) { _ in count.withLock { $0 += 1 } }
            kill(getpid(), SIGUSR1)
            try await waitUntil("the signal is delivered") { count.withLock { $0 } == round }
            withExtendedLifetime(signals) {}
        }
        var now = sigaction()
        sigaction(SIGUSR1, nil, &now)
        // It would end the process otherwise.
        #expect(unsafeBitCast(now.__sigaction_handler.sa_handler, to: Int.self) == 1)
        kill(getpid(), SIGUSR1)
        #expect(count.withLock { $0 } == 2)
    }

    @Test("The loop ends with its handle: its jobs run, and its descriptors are closed")
    func end() async throws {
        weak var core: Core?
        let count = Guarded(0)
        do {
            let loop = EventLoop()
            core = loop.core
            for _ in 0..<100 { loop.run { count.withLock { $0 += 1 } } }
        }
        try await waitUntil("the loop is gone") { core == nil }
        #expect(count.withLock { $0 } == 100)
        let before = try epolls()
        for _ in 0..<50 {
            let counter = Counter(on: EventLoop())
            await counter.startTimer(in: .seconds(3600))
            try await counter.watch(STDERR_FILENO)
        }
        try await waitUntil("the descriptors are closed") { try epolls() <= before }
    }

    /// How many of them are open.
    private func epolls() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
            let path = "/proc/self/fd/\(name)"
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            return target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]"
        }
    }

    @Test("A ready descriptor is reported, and no longer after its watch has ended")
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
