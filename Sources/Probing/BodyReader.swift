import Dispatch
import HTTPClient
import Health
import Judging
import Time

/// Judges one target's bodies, on a thread of its own: a pattern may take its time, and cannot be called off.
actor BodyReader {
    private nonisolated let executor: Executor
    private let judge: ResponseJudge
    private var counters: [String: Double] = [:]

    /// nil where the expectation has a pattern that is none.
    init?(_ expectation: Expectation) {
        guard let judge = try? ResponseJudge(expectation) else { return nil }
        self.judge = judge
        executor = Executor()
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter ended: called on another thread.
    nonisolated func read(_ response: Response, ended: @escaping @Sendable (Verdict) -> Void) {
        executor.queue.async { self.assumeIsolated { ended($0.verdict(on: response)) } }
    }

    private func verdict(on response: Response) -> Verdict {
        judge.verdict(on: response, at: Moment.now.timestamp, &counters)
    }

    private final class Executor: SerialExecutor {
        let queue = DispatchQueue(label: "healthz.body")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }

        func checkIsolated() {
            dispatchPrecondition(condition: .onQueue(queue))
        }
    }
}
