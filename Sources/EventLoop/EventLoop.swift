package import Dispatch

/// The one serial queue on which all of healthz runs, as a Swift executor: actors that share a loop never run
/// at the same time, and a handler of a Dispatch source on `queue` may call them with `assumeIsolated`.
///
/// Nothing that can block (name resolution, file reading, a write to a log that nobody reads) may run here.
///
/// It is no task executor, as nothing here needs one: a task that an actor starts runs on the actor's loop. And a job
/// that runs as both serial and task executor is suspended at points where an actor's method should not be, such as
/// the call of `withCheckedContinuation` (docs/decisions.md).
package final class EventLoop: SerialExecutor {
    /// Sources that deliver to this loop's actors are made on this queue.
    package let queue: DispatchQueue

    package init(label: String = "healthz.loop") {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }

    /// Without this, `assumeIsolated` in a source's handler traps: the handler runs in no Swift task.
    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
