import CSystem
import Dispatch
import Glibc
import Time

/// The event loop of healthz. Actors that share a loop never run at the same time, and a handler on the loop may
/// enter them with `assumeIsolated`. Nothing that can block (name resolution, reading a file, writing to a log that
/// nobody reads) may run here.
///
/// This is the handle that actors hold. After the last one, the loop runs its remaining jobs and closes its descriptors.
package final class EventLoop: SerialExecutor {
    let core: Core

    /// If the system has no free descriptor, jobs run, but `Poll.init` throws the system's error.
    package init() {
        core = Core()
        core.begin()
    }

    deinit {
        core.run { [core] in core.assumeIsolated { $0.hasEnded = true } }
    }

    package func enqueue(_ job: consuming ExecutorJob) { core.enqueue(job) }
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { core.asUnownedSerialExecutor() }

    /// Adds a job to the loop, from any thread.
    package func run(_ work: @escaping @Sendable () -> Void) { core.run(work) }

    /// Traps if the caller is not on the loop.
    package func checkIsolated() { core.checkIsolated() }
}

/// The loop: one Swift job that never ends, on a serial Dispatch queue. It waits for sockets, jobs, signals and
/// alarms, and handles them in this order.
///
/// It is not a task executor: a job that has both executors is suspended at points where a method of an actor should
/// not be, such as the call of `withCheckedContinuation` (docs/decisions.md).
actor Core: SerialExecutor {
    /// Events per turn, so that jobs, signals and alarms get their turn.
    private static let batch = 256

    nonisolated let epoll: Result<Epoll, SystemError>
    private nonisolated let queue = DispatchQueue(label: "healthz.loop")
    private nonisolated let inbox = Inbox()
    /// The jobs of this turn that have not run yet.
    private var jobs: Inbox.Job?
    var hasEnded = false
    /// By number; nil after the end of a poll. Numbers are not used again.
    var polls: [Poll.Registration?] = []
    /// Polls with events in this turn, in the order of their first event.
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

    /// Without this method, `assumeIsolated` traps outside of a Swift job.
    nonisolated func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    // MARK: Life

    /// Occupies the queue until the end of the loop.
    nonisolated func begin() {
        guard case .success(let epoll) = epoll else { return }
        queue.async { self.assumeIsolated { $0.bootstrap(epoll) } }
    }

    /// The loop is itself a Swift job, because within a job `assumeIsolated` costs one comparison, and outside a
    /// thousand instructions. That job runs here, among the first jobs. It returns when the loop has ended; then the
    /// remaining jobs run.
    private func bootstrap(_ epoll: Epoll) {
        Task { serve(epoll) }
        repeat { runJobs() } while !inbox.isEmpty
    }

    /// Returns when the loop has ended.
    func serve(_ epoll: Epoll) {
        var events = [epoll_event](repeating: epoll_event(), count: Core.batch)
        while !hasEnded {
            let limit = alarms.next.map { Epoll.milliseconds(from: .now, to: $0) } ?? -1
            // Jobs that arrived together with the job of this method are in `jobs`, no longer in the inbox.
            let mayWait = jobs == nil && inbox.beginWaiting()
            let count = epoll.wait(&events, milliseconds: mayWait ? limit : 0)
            // Immediately, so that handlers can add jobs without ringing the bell.
            inbox.endWaiting()
            for event in events.prefix(count) { deliver(event, epoll) }
            for poll in readyPolls { poll.ready() }
            readyPolls.removeAll(keepingCapacity: true)
            runJobs()
            for signal in signals where Signals.take(signal.number) { signal.handler(signal.number) }
            for fire in alarms.takeDue(at: .now) { fire() }
        }
    }

    /// Runs the jobs that have arrived before this turn, but not those that arrive meanwhile.
    private func runJobs() {
        if jobs == nil { jobs = inbox.take() }
        while let job = jobs {
            jobs = job.next
            job.work()
        }
    }

    /// Adds an event to its poll.
    private func deliver(_ event: epoll_event, _ epoll: Epoll) {
        let (number, descriptor) = Epoll.origin(of: event)
        guard number != Epoll.bellNumber else { return }
        // The poll has ended without removing the descriptor, so remove it here.
        guard let poll = polls[number] else { return epoll.remove(descriptor) }
        if poll.seen.isEmpty { readyPolls.append(poll) }
        poll.seen.append(Poll.Seen(descriptor: descriptor, events: Poll.Events(rawValue: event.events)))
    }
}
