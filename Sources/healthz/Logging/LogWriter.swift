import Dispatch
import EventLoop
import Glibc
import Synchronization

/// Writes lines to standard error on a thread of its own, so that whoever does not read the log cannot stop the loop.
/// Lines beyond what is allowed to wait are dropped, and their number told.
final class LogWriter: Sendable {
    private static let limit = 1024

    private let thread = Workers(1)
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    init() {
        thread.prepare()
    }

    @Sendable func write(_ line: String) {
        guard waiting.add(1, ordering: .relaxed).newValue <= LogWriter.limit else {
            waiting.subtract(1, ordering: .relaxed)
            dropped.add(1, ordering: .relaxed)
            return
        }
        let failure = thread.run { [self] in
            let lost = dropped.exchange(0, ordering: .relaxed)
            if lost > 0 { Terminal.printError("\(lost) log lines were dropped because nobody read them") }
            Terminal.write(line, to: STDERR_FILENO)
            waiting.subtract(1, ordering: .relaxed)
        }
        guard failure != nil else { return }
        waiting.subtract(1, ordering: .relaxed)
        dropped.add(1, ordering: .relaxed)
    }

    /// Returns when all is written, or time is up.
    func flush(within limit: Duration) {
        let done = DispatchSemaphore(value: 0)
        guard thread.run({ done.signal() }) == nil else { return }
        _ = done.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1))))
    }
}
