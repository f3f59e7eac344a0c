import Synchronization

/// Jobs for the loop, added by any thread, until the loop takes all of them.
///
/// A linked list, newest first. Its head is exchanged atomically, so no thread waits for another. The head also tells
/// whether the loop is waiting, and so must be woken for a new job.
final class Inbox: Sendable {
    final class Job {
        let work: @Sendable () -> Void
        fileprivate(set) var next: Job?
        /// The head before this job was added.
        fileprivate var former = Inbox.empty

        fileprivate init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }

    // Values of the head that are not addresses of jobs.
    private static let empty: UInt = 0
    private static let emptyAndLoopWaits: UInt = 1

    private let head = Atomic<UInt>(Inbox.empty)

    deinit {
        var left = take()
        while let job = left { left = job.next }
    }

    var isEmpty: Bool { head.load(ordering: .acquiring) <= Inbox.emptyAndLoopWaits }

    /// - Returns: whether the loop must be woken.
    func add(_ work: @escaping @Sendable () -> Void) -> Bool {
        let job = Job(work)
        let address = UInt(bitPattern: Unmanaged.passRetained(job).toOpaque())
        job.former = head.load(ordering: .relaxed)
        while true {
            let (isDone, found) = head.compareExchange(
                expected: job.former, desired: address, ordering: .acquiringAndReleasing)
            if isDone { return found == Inbox.emptyAndLoopWaits }
            job.former = found
        }
    }

    /// - Returns: the first of all jobs, in order of arrival; nil if there are none.
    func take() -> Job? {
        var first: Job?
        var left = head.exchange(Inbox.empty, ordering: .acquiringAndReleasing)
        while left > Inbox.emptyAndLoopWaits, let address = UnsafeRawPointer(bitPattern: left) {
            let job = Unmanaged<Job>.fromOpaque(address).takeRetainedValue()
            left = job.former
            job.next = first
            first = job
        }
        return first
    }

    /// The loop calls this before it waits.
    /// - Returns: false if there are jobs: then the loop must not wait.
    func beginWaiting() -> Bool {
        head.compareExchange(
            expected: Inbox.empty, desired: Inbox.emptyAndLoopWaits, ordering: .acquiringAndReleasing
        ).exchanged
    }

    func endWaiting() {
        _ = head.compareExchange(
            expected: Inbox.emptyAndLoopWaits, desired: Inbox.empty, ordering: .acquiringAndReleasing)
    }
}
