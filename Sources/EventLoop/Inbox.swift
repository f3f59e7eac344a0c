import Synchronization

/// The jobs that the loop has been given by any thread, until it takes them all at once.
///
/// A list, newest first, whose head is swapped atomically: no thread waits for another. The head also says whether the loop
/// waits, so that whoever adds a job knows whether the loop must be woken.
final class Inbox: Sendable {
    final class Job {
        let work: @Sendable () -> Void
        fileprivate(set) var next: Job?
        /// The head that this job has taken the place of.
        fileprivate var former = Inbox.empty

        fileprivate init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }

    // What the head is where it is no job's address.
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

    /// - Returns: the first of all jobs, in the order in which they came; nil where there are none.
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

    /// To be called by the loop before it waits.
    /// - Returns: false where there are jobs, and it must not wait.
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
