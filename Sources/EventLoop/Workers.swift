import CSystem
import Dispatch
import Glibc
import Synchronization

/// A small number of threads for work that may block, such as getaddrinfo(3). They are made early and kept.
///
/// Dispatch lets idle threads go and makes new ones when there is work: where no thread can be had by then (the limit of
/// tasks of a container, the quota of a user), work waits for ever.
package final class Workers: Sendable {
    /// The room that a thread has for its stack: what Dispatch gives, twice over.
    package static let stackSize = 1 << 20

    /// What the threads share with whoever gives them work.
    private final class Line: Sendable {
        private let waiting = Mutex<[@Sendable () -> Void]>([])
        private let count = DispatchSemaphore(value: 0)

        func append(_ work: @escaping @Sendable () -> Void) {
            waiting.withLock { $0.append(work) }
            count.signal()
        }

        /// Ends one thread, behind what waits by now.
        func end() {
            count.signal()
        }

        /// One thread's life.
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

    /// What Dispatch needs to resume a task: a thread that does it, one that manages those, and one that is still ending.
    private static let threadsOfDispatch = 3

    private let line = Line()
    private let most: Int
    private let stackSize: Int?
    private let count: Mutex<Count>

    /// Makes no thread yet.
    /// - Parameters:
    ///   - most: how many there may be after `addOne`; no more than `wanted` without it.
    ///   - stackSize: in bytes; nil for the system's default.
    package init(_ wanted: Int, most: Int = 0, stackSize: Int? = Workers.stackSize) {
        self.most = most
        self.stackSize = stackSize
        count = Mutex(Count(wanted: wanted))
    }

    deinit {
        for _ in 0..<count.withLock({ $0.made }) { line.end() }
    }

    /// Makes the threads that are missing.
    /// - Returns: the error of the first that could not be made, where there is none at all; work that others have is no
    ///   reason to refuse more.
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

    /// Makes one more thread, for one that may never be free again.
    package func addOne() {
        count.withLock { if $0.wanted < most { $0.wanted += 1 } }
        prepare()
    }

    /// Whether Dispatch could make its threads just now. Without them, a task that waits is not resumed, and whoever resumes
    /// it may wait as well: Dispatch tries again once a second.
    package static var dispatchCanMakeThreads: Bool {
        let trial = Workers(threadsOfDispatch, stackSize: nil)
        trial.prepare()
        return trial.count.withLock { $0.made == threadsOfDispatch }
    }

    /// Has something done by one of the threads, as soon as one is free.
    /// - Returns: why it will not be done, where there is no thread and none can be made.
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
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
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

    /// A thread inherits what is blocked; signals are for the loop.
    private func withoutSignals(_ body: () -> Int32) -> Int32 {
        var all = sigset_t()
        var former = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        return body()
    }
}
