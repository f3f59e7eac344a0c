import CSystem
package import Dispatch
import Glibc
import Synchronization

/// The one serial queue on which all of healthz runs, as a Swift executor: actors that share a loop never run
/// at the same time, and a handler of a Dispatch source on `queue` may call them with `assumeIsolated`.
///
/// Nothing that can block (name resolution, file reading, a write to a log that nobody reads) may run here.
///
/// Descriptors are watched by one epoll for the whole loop, under one Dispatch source; each event goes to the `Poll` that
/// watches for it. Dispatch hands every event from
/// one thread to another, which costs more than most events are worth; so once one has come, the loop waits for the next
/// itself, for `patience`, before it leaves the watch to Dispatch again. Jobs from other threads wake it from that wait;
/// a timer or a signal waits for its end.
///
/// It is no task executor, as nothing here needs one: a task that an actor starts runs on the actor's loop. And a job
/// that runs as both serial and task executor is suspended at points where an actor's method should not be, such as
/// the call of `withCheckedContinuation` (docs/decisions.md).
package actor EventLoop: SerialExecutor {
    /// How long the loop itself waits for events after the last one, in milliseconds.
    private static let patience: Int32 = 2
    /// Events taken before timers, signals and other jobs get their turn.
    private static let batch = 256
    /// The bell's events, which no poll has.
    private static let bellNumber = 0

    /// Sources that deliver to this loop's actors are made on this queue.
    package nonisolated let queue: DispatchQueue
    /// What is in the queue and was put there by `run`: while there is any, the loop waits for nothing.
    private nonisolated let waitingJobs = Atomic<Int>(0)
    /// The loop waits for events itself, and must be woken for anything else.
    private nonisolated let isWaiting = Atomic<Bool>(false)
    /// Written to, it wakes the loop.
    private nonisolated let bell: Bell

    private var descriptor: Int32 = -1
    private var watch: Watch?
    private var polls: [Int: Poll.Watches] = [:]
    private var lastPoll = EventLoop.bellNumber
    /// Polls of which the present batch has events, in the order of their first.
    private var due: [Poll.Watches] = []

    package init(label: String = "healthz.loop") {
        queue = DispatchQueue(label: label)
        bell = Bell()
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { asUnownedSerialExecutor() }

    package nonisolated func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        run { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Puts a piece of work on the loop, from any thread.
    package nonisolated func run(_ work: @escaping @Sendable () -> Void) {
        // Of this count and `isWaiting`, each is written by one side and then the other read, so that one of them sees.
        waitingJobs.add(1, ordering: .sequentiallyConsistent)
        queue.async {
            self.waitingJobs.subtract(1, ordering: .sequentiallyConsistent)
            work()
        }
        if isWaiting.load(ordering: .sequentiallyConsistent) { bell.ring() }
    }

    /// Without this, `assumeIsolated` in a source's handler traps: the handler runs in no Swift task.
    package nonisolated func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    /// Traps where this is not the loop, in builds for debugging.
    nonisolated func assertCurrent() {
        #if DEBUG
            checkIsolated()
        #endif
    }

    /// - Parameter ready: called when something that this poll watches is ready.
    func attach(_ ready: @escaping @Sendable () -> Void) throws(SystemError) -> Poll.Watches {
        if descriptor < 0 { try start() }
        lastPoll += 1
        let watches = Poll.Watches(lastPoll, epoll: descriptor, ready: ready)
        polls[lastPoll] = watches
        return watches
    }

    func detach(_ poll: Int) {
        polls[poll] = nil
    }

    private func start() throws(SystemError) {
        let made = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard made >= 0 else { throw SystemError.last(in: "epoll_create1") }
        descriptor = made
        let own = Poll.Watches(EventLoop.bellNumber, epoll: made) {}
        try own.control(EPOLL_CTL_ADD, bell.descriptor, .readable)
        watch = Watch(over: made, on: queue) { [weak self] in self?.assumeIsolated { $0.takeOver() } }
    }

    /// Events have come after a while: from here on the loop waits for them itself. A suspended source must not be
    /// released, nor is it: as long as it is suspended, a turn that holds the loop is in the queue.
    private func takeOver() {
        watch?.source.suspend()
        turn()
    }

    private func turn() {
        isWaiting.store(true, ordering: .sequentiallyConsistent)
        let isBusy = waitingJobs.load(ordering: .sequentiallyConsistent) > 0
        let count = withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: EventLoop.batch) { events in
            let count = epoll_wait(
                descriptor, events.baseAddress, Int32(EventLoop.batch), isBusy ? 0 : EventLoop.patience)
            isWaiting.store(false, ordering: .sequentiallyConsistent)
            for index in 0..<max(0, Int(count)) { sort(events[index]) }
            return count
        }
        for watches in due { watches.ready() }
        due.removeAll(keepingCapacity: true)
        if count <= 0, !isBusy {
            watch?.source.resume()
        } else {
            // Behind whatever is in the queue by now.
            queue.async { self.assumeIsolated { $0.turn() } }
        }
    }

    /// Hands one event to its poll.
    private func sort(_ event: epoll_event) {
        let poll = Int(event.data.u64 >> 32)
        guard poll != EventLoop.bellNumber else { return bell.silence() }
        let watched = Int32(bitPattern: UInt32(truncatingIfNeeded: event.data.u64))
        guard let watches = polls[poll] else {
            // Nobody will ever handle it.
            epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
            return
        }
        if watches.seen.isEmpty { due.append(watches) }
        watches.seen.append(Poll.Seen(descriptor: watched, events: Poll.Events(rawValue: event.events)))
    }
}

/// An eventfd(2), for waking the loop from other threads.
private final class Bell: Sendable {
    let descriptor = healthz_eventfd()

    func ring() {
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }

    func silence() {
        var count: UInt64 = 0
        read(descriptor, &count, 8)
    }

    deinit {
        close(descriptor)
    }
}

/// Dispatch's watch over the loop's epoll descriptor, which ends and closes it with the loop.
private final class Watch {
    let source: any DispatchSourceRead

    init(over descriptor: Int32, on queue: DispatchQueue, ready: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler(handler: ready)
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    deinit {
        source.cancel()
    }
}
