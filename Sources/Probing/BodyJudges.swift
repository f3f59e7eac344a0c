import CurlClient
import EventLoop
import HTTPClient
import Health
import Time

/// Has bodies judged off the loop, and tells in time whatever a pattern does.
///
/// A few threads are enough for all targets. A pattern can keep its thread for ever; so bodies that are judged without one have
/// a thread of their own, and for each pattern that is out of time another thread is made, up to a limit.
actor BodyJudges {
    enum Judgement {
        case ended(Verdict)
        case outOfTime
        /// It was not begun.
        case refused(detail: String)
    }

    private final class Desk {
        /// The latest target with this request and these conditions: `Target.isRenewal`.
        var target: Target
        let reader: BodyReader
        let hasPatterns: Bool
        var isBusy = false
        /// A pattern can be stuck, so the reader gets no more work. Other bodies wait their turn.
        var mayBeStuck: Bool { isBusy && hasPatterns }

        init?(_ target: Target, _ expectation: Expectation) {
            guard let reader = BodyReader(expectation) else { return nil }
            self.target = target
            self.reader = reader
            hasPatterns = expectation.hasPatterns
        }
    }

    private struct Wait {
        let hasPatterns: Bool
        let ended: @Sendable (Judgement) -> Void
    }

    private nonisolated let loop: EventLoop
    private let plain = Workers(1)
    private let matching = Workers(2, most: 16)
    private var desks: [String: Desk] = [:]
    private var timer: LoopTimer?
    private var deadlines = FairDeadlines()
    private var waiting: [Int: Wait] = [:]
    private var lastNumber = 0

    init(on loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - call: the probe that the response came by.
    ///   - ended: called on the loop, once; maybe before this returns.
    nonisolated func judge(
        _ response: Response, by expectation: Expectation, for call: ProbeCall,
        ended: @escaping @Sendable (Judgement) -> Void
    ) {
        assumeIsolated { $0.start(response, expectation, call, ended) }
    }

    /// Makes the threads that bodies with these expectations need.
    func prepare(for expectations: [Expectation]) {
        for expectation in expectations where !expectation.bodies.isEmpty {
            (expectation.hasPatterns ? matching : plain).prepare()
        }
    }

    /// Keeps the readers of these targets that have not changed, unless they may be stuck. The running work of the others
    /// ends as it would have.
    func forget(but targets: [Target]) {
        let former = desks
        desks = [:]
        for target in targets {
            guard let desk = former[target.id], target.isRenewal(of: desk.target), !desk.mayBeStuck else {
                continue
            }
            desk.target = target
            desks[target.id] = desk
        }
    }

    private func start(
        _ response: Response, _ expectation: Expectation, _ call: ProbeCall,
        _ ended: @escaping @Sendable (Judgement) -> Void
    ) {
        let target = call.target
        guard let desk = desk(of: target, for: expectation) else {
            return ended(.refused(detail: "a pattern is not a regular expression"))
        }
        guard !desk.mayBeStuck else {
            return ended(.refused(detail: "a pattern is still being matched against an earlier response"))
        }
        lastNumber += 1
        let number = lastNumber
        let failure = (desk.hasPatterns ? matching : plain).run { [self, reader = desk.reader] in
            let verdict = reader.verdict(on: response)
            loop.run { self.assumeIsolated { $0.bodyWasRead(number, of: target.id, by: reader, verdict) } }
        }
        if let failure { return ended(.refused(detail: "no thread for its body: \(failure.reason.lowercasedFirst)")) }
        desk.isBusy = true
        waiting[number] = Wait(hasPatterns: desk.hasPatterns, ended: ended)
        setDeadline(number, call)
    }

    private func desk(of target: Target, for expectation: Expectation) -> Desk? {
        if let known = desks[target.id], known.target === target || known.target.isRenewal(of: target) {
            return known
        }
        let desk = Desk(target, expectation)
        desks[target.id] = desk
        return desk
    }

    private func bodyWasRead(_ number: Int, of target: String, by reader: BodyReader, _ verdict: Verdict) {
        if let desk = desks[target], desk.reader === reader { desk.isBusy = false }
        end(number, .ended(verdict))
    }

    private func end(_ number: Int, _ judgement: Judgement) {
        guard let wait = waiting.removeValue(forKey: number) else { return }
        deadlines.remove(number)
        if case .outOfTime = judgement, wait.hasPatterns { matching.addOne() }
        wait.ended(judgement)
    }

    // MARK: Time

    /// What is left of the limit; all of it again, where the client had to give it again as well.
    private func setDeadline(_ number: Int, _ call: ProbeCall) {
        let now = Instant.now
        let isOver = call.startedAt + call.limit.duration <= now
        deadlines.set(number, call.limit.duration, from: isOver ? now : call.startedAt)
        wake()
    }

    private func timeHasPassed() {
        let passed = deadlines.passed(at: .now)
        if !passed.isEmpty {
            // Behind what has been judged by now.
            loop.run { self.assumeIsolated { judges in passed.forEach { judges.end($0, .outOfTime) } } }
        }
        wake()
    }

    private func wake() {
        guard let earliest = deadlines.earliest else { return }
        let timer = timer ?? LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        self.timer = timer
        timer.wake(by: earliest)
    }
}

extension Expectation {
    fileprivate var hasPatterns: Bool { bodies.contains { !$0.patterns.isEmpty } }
}
