import EventLoop
import HTTPClient
import Health
import Time

/// A prober whose probes end when the test says so.
private final actor HeldProber: Prober {
    private nonisolated let loop: EventLoop
    private(set) var started: [String] = []
    private(set) var limits: [ProbeLimit] = []
    private var waiting: [String: [@Sendable (Outcome) -> Void]] = [:]
    /// Answers to probes as they come, where there is one.
    var atOnce: Outcome?

    init(on loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated func probe(_ target: Target, within limit: ProbeLimit, ended: @escaping @Sendable (Outcome) -> Void) {
        assumeIsolated { $0.begin(target.url.host, limit, ended) }
    }

    func answer(atOnce outcome: Outcome?) { atOnce = outcome }

    func end(_ host: String, _ outcome: Outcome) {
        for ended in waiting.removeValue(forKey: host) ?? [] { ended(outcome) }
    }

    private func begin(_ host: String, _ limit: ProbeLimit, _ ended: @escaping @Sendable (Outcome) -> Void) {
        started.append(host)
        limits.append(limit)
        if let atOnce { return ended(atOnce) }
        waiting[host, default: []].append(ended)
    }
}

/// An aggregator with a prober and a clock that the test moves, all on one loop: when a call has returned, all that it
/// set off is done.
actor Bench {
    static let start = Instant.now

    private nonisolated let loop: EventLoop
    private let prober: HeldProber
    private var aggregator: Aggregator?
    private var elapsed: Duration = .zero
    /// How far somebody has set the wall clock.
    private var ahead: Duration = .zero
    private var answers: [Aggregator.Numbered?] = []
    private(set) var transitions: [Transition] = []
    private(set) var checksEnded = 0

    init(_ plan: Aggregator.Plan) async {
        // In an async init, an actor is isolated once it is whole.
        loop = EventLoop()
        prober = HeldProber(on: loop)
        begin(plan)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private func begin(_ plan: Aggregator.Plan) {
        aggregator = Aggregator(
            on: loop, plan: plan, prober: prober, clock: { [unowned self] in assumeIsolated { $0.now } },
            changed: { [unowned self] transition in assumeIsolated { $0.transitions.append(transition) } })
    }

    private var now: Moment {
        Moment(
            instant: Bench.start + elapsed,
            timestamp: Timestamp(milliseconds: 1_000_000 + Int64((elapsed + ahead).milliseconds)))
    }

    /// What has been probed so far, by host.
    var started: [String] { prober.assumeIsolated { $0.started } }
    var limits: [ProbeLimit] { prober.assumeIsolated { $0.limits } }

    func advance(_ time: Duration) { elapsed += time }

    func setWallClock(ahead time: Duration) { ahead = time }

    /// - Returns: the question's number, for `answer`.
    func ask(_ selection: Selection = .all) -> Int {
        answers.append(nil)
        let number = answers.count - 1
        aggregator?.assumeIsolated { aggregator in
            if let known = aggregator.known(selection) {
                self.assumeIsolated { $0.answers[number] = known }
            } else {
                aggregator.check(selection) { report in self.assumeIsolated { $0.answers[number] = report } }
            }
        }
        return number
    }

    func answer(_ question: Int) -> Aggregator.Numbered? { answers[question] }

    /// Lets the probe of that host end.
    func end(_ host: String, _ outcome: Outcome) { prober.assumeIsolated { $0.end(host, outcome) } }

    /// Lets all probes that are out end.
    func end(_ outcomes: [String: Outcome]) {
        for (host, outcome) in outcomes.sorted(by: { $0.key < $1.key }) { end(host, outcome) }
    }

    /// From now on, probes end before the call that starts them returns.
    func answer(atOnce outcome: Outcome?) { prober.assumeIsolated { $0.answer(atOnce: outcome) } }

    func known(_ selection: Selection = .all) -> Aggregator.Numbered? {
        aggregator?.assumeIsolated { $0.known(selection) }
    }

    func lastKnown(_ selection: Selection = .all) -> Report? {
        aggregator?.assumeIsolated { $0.lastKnown(selection, cause: .draining).report }
    }

    func figures() -> HealthFigures? { aggregator?.assumeIsolated { $0.figures() } }

    func check() {
        aggregator?.assumeIsolated { aggregator in
            aggregator.check { _ in self.assumeIsolated { $0.checksEnded += 1 } }
        }
    }

    func noteAge() -> Instant? { aggregator?.assumeIsolated { $0.noteAge() } }

    func replace(_ plan: Aggregator.Plan) { aggregator?.assumeIsolated { $0.replace(plan) } }

    /// Asks, ends the probes that this starts, and returns the answer.
    func report(_ outcomes: [String: Outcome], on selection: Selection = .all) -> Report? {
        let question = ask(selection)
        end(outcomes)
        return answers[question]?.report
    }
}

extension Outcome {
    static let ok = Outcome(status: 200, .up)
    static let refused = Outcome.failed(.transfer(.refused(place: "x")))
}

extension Target {
    static func on(
        _ host: String, _ id: String? = nil, timeout: Duration = .milliseconds(1500), threshold: Threshold = .once,
        interval: Duration? = nil
    ) -> Target {
        Target(
            id: id ?? host,
            probe: .http(Request(URL(scheme: .http, host: host, target: "/")), Expectation(.only(200))),
            timeout: timeout, threshold: threshold, interval: interval)
    }
}

extension Service {
    static func on(_ host: String, isCritical: Bool = true, threshold: Threshold = .once) -> Service {
        Service(name: host, target: .on(host, threshold: threshold), isCritical: isCritical)
    }

    static func group(
        _ name: String, _ hosts: [String], required: Int, isCritical: Bool = true, threshold: Threshold = .once
    ) -> Service {
        Service(
            name: name,
            instances: hosts.map {
                Instance(name: "http://\($0)", target: .on($0, "\(name) \($0)", threshold: threshold))
            }, required: required, isCritical: isCritical)
    }
}

extension Aggregator.Plan {
    static func onDemand(_ services: [Service], maxAge: Duration = .zero) -> Aggregator.Plan {
        Aggregator.Plan(services: services, deadline: .milliseconds(1800), freshness: .onDemand(maxAge: maxAge))
    }

    static func background(_ services: [Service], staleAfter: Duration = .seconds(15)) -> Aggregator.Plan {
        Aggregator.Plan(
            services: services, deadline: .milliseconds(1800), freshness: .background(staleAfter: staleAfter))
    }
}
