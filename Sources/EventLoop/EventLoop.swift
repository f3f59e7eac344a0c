import CSystem
import Dispatch
import Glibc
import Time

/// The one loop on which all of healthz runs: actors that share a loop never run at the same time, and a handler of the
/// loop may call them with `assumeIsolated`. Nothing that can block (name resolution, file reading, a write to a log that
/// nobody reads) may run here.
///
/// This is the handle that actors hold. When the last reference to it is gone, the loop runs the jobs that it still has,
/// ends, and closes its descriptors.
package final class EventLoop: SerialExecutor {
    let core: Core

    /// Where the system has no descriptor left, jobs run, but no `Poll` can be made, and its error says why.
    package init() {
        core = Core()
        core.begin()
    }

    deinit {
        core.run { [core] in core.assumeIsolated { $0.end() } }
    }

    package func enqueue(_ job: consuming ExecutorJob) { core.enqueue(job) }
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { core.asUnownedSerialExecutor() }

    /// Puts a piece of work on the loop, from any thread.
    package func run(_ work: @escaping @Sendable () -> Void) { core.run(work) }

    /// Traps where this is not the loop.
    package func checkIsolated() { core.checkIsolated() }
}

/// The loop itself: one Swift job that never ends, on a serial Dispatch queue. It waits for sockets, jobs, signals and
/// alarms, and handles them in this order.
///
/// It is no task executor: a job that runs as both serial and task executor is suspended at points where an actor's
/// method should not be, such as the call of `withCheckedContinuation` (docs/decisions.md).
actor Core: SerialExecutor {
    /// Events taken before jobs, signals and alarms get their turn.
    private static let batch = 256

    nonisolated let epoll: Result<Epoll, SystemError>
    private nonisolated let queue = DispatchQueue(label: "healthz.loop")
    private nonisolated let inbox = Inbox()
    /// The jobs of the present turn that have not run yet.
    private var jobs: Inbox.Job?
    private var hasEnded = false
    /// By number. A number is not given out again; nil for a poll that is gone.
    var polls: [Poll.Registration?] = []
    /// Polls of which the present batch has events, in the order of their first.
    private var readyPolls: [Poll.Registration] = []
    var signals: [Signals.Registration] = []
    var alarms = Alarms()

    init() {
        epoll = Result { () throws(SystemError) in try Epoll() }
    }

    deinit {
        if case .success(let epoll) = epoll { epoll.close() }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { asUnownedSerialExecutor() }

    nonisolated func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        run { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    nonisolated func run(_ work: @escaping @Sendable () -> Void) {
        guard case .success(let epoll) = epoll else { return queue.async(execute: work) }
        if inbox.add(work) { Epoll.ring(epoll.bell) }
    }

    /// Without this, `assumeIsolated` traps outside of a Swift job.
    nonisolated func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    // MARK: Life

    /// Takes the queue for good.
    nonisolated func begin() {
        guard case .success(let epoll) = epoll else { return }
        queue.async { self.assumeIsolated { $0.bootstrap(epoll) } }
    }

    func end() {
        hasEnded = true
    }

    /// The loop serves as a Swift job, as within one `assumeIsolated` is a comparison, and outside of one a thousand
    /// instructions. That job is run here, among those that have come by now, and returns when the loop has ended; what is
    /// left then is run too.
    private func bootstrap(_ epoll: Epoll) {
        Task { serve(epoll) }
        repeat { runJobs() } while !inbox.isEmpty
    }

    /// Returns when the loop has ended.
    func serve(_ epoll: Epoll) {
        var events = [epoll_event](repeating: epoll_event(), count: Core.batch)
        while !hasEnded {
            let limit = alarms.next.map { Core.milliseconds(from: .now, to: $0) } ?? -1
            // Jobs that came with the job of this method are still to be run: they are in `jobs`, no longer in the inbox.
            let mayWait = jobs == nil && inbox.beginWaiting()
            let count = epoll.wait(&events, milliseconds: mayWait ? limit : 0)
            // At once: a handler that brings a job need not ring.
            inbox.endWaiting()
            for event in events.prefix(count) { sort(event, epoll) }
            for poll in readyPolls { poll.ready() }
            readyPolls.removeAll(keepingCapacity: true)
            runJobs()
            for signal in signals where Signals.take(signal.number) { signal.handler(signal.number) }
            for fire in alarms.takeDue(at: .now) { fire() }
        }
    }

    /// Once a turn, and not those that come meanwhile.
    private func runJobs() {
        if jobs == nil { jobs = inbox.take() }
        while let job = jobs {
            jobs = job.next
            job.work()
        }
    }

    /// Rounded up, as an alarm must not come before its time.
    private static func milliseconds(from now: Instant, to instant: Instant) -> Int32 {
        let nanoseconds = max(.zero, instant - now).wholeNanoseconds
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    /// Hands one event to its poll.
    private func sort(_ event: epoll_event, _ epoll: Epoll) {
        let (number, descriptor) = Epoll.origin(of: event)
        guard number != Epoll.bellNumber else { return }
        // Of a descriptor that its poll has left behind, nobody would ever handle an event.
        guard let poll = polls[number] else { return epoll.remove(descriptor) }
        if poll.seen.isEmpty { readyPolls.append(poll) }
        poll.seen.append(Poll.Seen(descriptor: descriptor, events: Poll.Events(rawValue: event.events)))
    }
}
