import CSystem
import Dispatch
import Glibc
import Synchronization

/// A small number of threads for work that may block, such as getaddrinfo(3). They are made early and kept.
///
/// Dispatch ends idle threads, and makes new ones for new work. If no thread can be made then (the task limit of a
/// container, the quota of a user), the work waits forever.
package final class Workers: Sendable {
    /// The size of a thread's stack: twice that of a Dispatch thread.
    private static let stackSize = 1 << 20

    /// Shared by the threads and their callers.
    private final class Line: Sendable {
        private let waiting = Mutex<[@Sendable () -> Void]>([])
        private let count = DispatchSemaphore(value: 0)

        func append(_ work: @escaping @Sendable () -> Void) {
            waiting.withLock { $0.append(work) }
            count.signal()
        }

        /// Ends one thread after the waiting jobs.
        func end() {
            count.signal()
        }

        /// The loop of one thread.
        func workOff() {
            while true {
                count.wait()
                guard let work = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
                work()
            }
        }
    }

    private struct Count {
        var wanted: Int
        var made = 0
    }

    private let line = Line()
    private let most: Int
    private let count: Mutex<Count>

    /// Makes no threads yet.
    /// - Parameter most: the largest number of threads after `addOne`; at most `wanted` without it.
    package init(_ wanted: Int, most: Int = 0) {
        self.most = most
        count = Mutex(Count(wanted: wanted))
    }

    deinit {
        for _ in 0..<count.withLock({ $0.made }) { line.end() }
    }

    /// Makes the threads that are missing.
    /// - Returns: an error only if there is no thread at all. A busy pool does not refuse jobs.
    @discardableResult package func prepare() -> SystemError? {
        count.withLock { count in
            while count.made < count.wanted {
                let code = start()
                guard code == 0 else { return count.made == 0 ? SystemError(call: "pthread_create", code: code) : nil }
                count.made += 1
            }
            return nil
        }
    }

    /// Makes one more thread, to replace one that may never become free.
    package func addOne() {
        count.withLock { if $0.wanted < most { $0.wanted += 1 } }
        prepare()
    }

    /// Whether a thread can be made now. Without a thread, a waiting task is not resumed, and the code that resumes
    /// it waits too: Dispatch retries once a second.
    package static var canMakeThread: Bool {
        let trial = Workers(1)
        return trial.prepare() == nil
    }

    /// Runs a job on one of the threads, as soon as one is free.
    /// - Returns: an error if there is no thread and none can be made; then the job does not run.
    package func run(_ work: @escaping @Sendable () -> Void) -> SystemError? {
        if let failure = prepare() { return failure }
        line.append(work)
        return nil
    }

    /// - Returns: 0, or the error.
    private func start() -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, Workers.stackSize)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(line)
        let code = withoutSignals {
            pthread_create(
                &thread, &attributes,
                { context in
                    if let context { Unmanaged<Line>.fromOpaque(context).takeRetainedValue().workOff() }
                    return nil
                }, context.toOpaque())
        }
        if code != 0 { context.release() }
        return code
    }

    /// A new thread inherits the signal mask; signals are for the loop.
    private func withoutSignals(_ body: () -> Int32) -> Int32 {
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        return body()
    }
}
