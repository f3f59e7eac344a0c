import HTTPClient
import Health
import Judging
import Synchronization
import Time

/// Judges one target's bodies, one at a time, on whatever thread it is called.
final class BodyReader: Sendable {
    private struct State {
        let judge: ResponseJudge
        var counters = Counters()
    }

    private let state: Mutex<State>

    /// nil where the expectation has a pattern that is none.
    init?(_ expectation: Expectation) {
        guard let judge = try? ResponseJudge(expectation) else { return nil }
        state = Mutex(State(judge: judge))
    }

    /// May take its time, as a pattern may, and cannot be called off.
    func verdict(on response: Response) -> Verdict {
        state.withLock { $0.judge.verdict(on: response, at: Moment.now.timestamp, &$0.counters) }
    }
}
