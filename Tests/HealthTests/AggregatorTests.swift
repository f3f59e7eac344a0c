import HTTPClient
import Health
import Testing
import Time

@Suite("The aggregator", .timeLimit(.minutes(5)))
struct AggregatorTests {
    private static let three = ["grafana", "loki", "tempo"].map { Service.on($0) }
    private static let well: [String: Outcome] = ["grafana": .ok, "loki": .ok, "tempo": .ok]

    @Test("All services are probed at once, and the report waits for all of them")
    func allAtOnce() async {
        let bench = await Bench(.onDemand(Self.three))
        let question = await bench.ask()
        #expect(await bench.started == ["grafana", "loki", "tempo"])
        await bench.end("tempo", .ok)
        await bench.advance(.milliseconds(12))
        await bench.end("grafana", .ok)
        #expect(await bench.answer(question) == nil)
        await bench.end("loki", .refused)
        let found = await bench.answer(question)?.report
        #expect(found?.services.map(\.name) == ["grafana", "loki", "tempo"])
        #expect(found?.services.map(\.status) == [.healthy, .unhealthy, .healthy])
        #expect(found?.status == .unhealthy)
        #expect(found?.duration == .milliseconds(12))
        #expect(found?.checkedAt.milliseconds == 1_000_000)
        #expect(await bench.limits.map(\.duration) == Array(repeating: .milliseconds(1500), count: 3))
    }

    @Test(
        "When the wall clock is set, what is remembered is as long ago as it was", arguments: [10_950 * 86_400, -600])
    func wallClock(seconds: Int) async throws {
        let bench = await Bench(.onDemand([Service.on("a")]))
        _ = await bench.report(["a": .ok])
        await bench.advance(.seconds(40))
        _ = await bench.report(["a": .refused])
        await bench.setWallClock(ahead: .seconds(seconds))
        await bench.advance(.seconds(20))
        for _ in 0..<2 {
            let report = try #require(await bench.report(["a": .refused]))
            let service = try #require(report.services.first)
            func ago(_ time: Timestamp?) -> Int64? { time.map { report.checkedAt.milliseconds - $0.milliseconds } }
            #expect(ago(service.since) == 20_000)
            #expect(ago(service.instances.first?.since) == 20_000)
            #expect(ago(service.lastHealthyAt) == 60_000)
            #expect(ago(service.recent.all.first?.startedAt) == 60_000)
        }
    }

    @Test("A probe that runs while the wall clock is set begins as long ago as before")
    func wallClockBetween() async throws {
        let bench = await Bench(.onDemand([Service.on("a"), Service.on("b")]))
        let question = await bench.ask(.only("a"))
        await bench.setWallClock(ahead: .seconds(10_950 * 86_400))
        await bench.advance(.seconds(2))
        _ = await bench.report(["b": .ok], on: .only("b"))
        await bench.end("a", .ok)
        let former = try #require(await bench.answer(question)?.report.services.first)
        let later = try #require(await bench.report(["b": .ok], on: .only("b")))
        #expect(later.checkedAt.milliseconds - former.since.milliseconds == 2000)
    }

    @Test("A hundred simultaneous requests share three probes and one report")
    func singleFlight() async {
        let bench = await Bench(.onDemand(Self.three))
        var questions: [Int] = []
        for _ in 0..<100 { questions.append(await bench.ask()) }
        await bench.end(Self.well)
        var numbers: Set<Int?> = []
        for question in questions { numbers.insert(await bench.answer(question)?.number) }
        #expect(numbers.count == 1 && !numbers.contains(nil))
        #expect(await bench.started == ["grafana", "loki", "tempo"])
    }

    @Test("Checks that differ share the probes that they have in common")
    func sharedProbes() async {
        let bench = await Bench(.onDemand(Self.three))
        let (all, one, two) = (
            await bench.ask(), await bench.ask(.only("loki")), await bench.ask(.excluding(["grafana"]))
        )
        await bench.end("loki", .refused)
        #expect(await bench.answer(one)?.report.services.map(\.name) == ["loki"])
        #expect(await bench.answer(two) == nil)
        await bench.end(["grafana": .ok, "tempo": .ok])
        #expect(await bench.answer(two)?.report.services.map(\.name) == ["loki", "tempo"])
        #expect(await bench.answer(all)?.report.services.map(\.name) == ["grafana", "loki", "tempo"])
        #expect(await bench.started.count == 3)
    }

    @Test("A probe that ends before its starting call returns counts like any other")
    func atOnce() async {
        let bench = await Bench(.onDemand(Self.three))
        await bench.answer(atOnce: .refused)
        let question = await bench.ask()
        #expect(await bench.answer(question)?.report.services.map(\.status) == [.unhealthy, .unhealthy, .unhealthy])
        await bench.answer(atOnce: nil)
        #expect(await bench.report(Self.well)?.status == .healthy)
    }

    @Test("A service with an interval of its own is probed no more often, and reported by its last result meanwhile")
    func ownInterval() async {
        let services = [Service.on("a"), Service(name: "b", target: .on("b", interval: .seconds(60)))]
        let bench = await Bench(.onDemand(services))
        #expect(await bench.report(["a": .ok, "b": .refused])?.services.map(\.status) == [.healthy, .unhealthy])
        await bench.advance(.seconds(53))
        #expect(await bench.report(["a": .ok])?.services.map(\.status) == [.healthy, .unhealthy])
        #expect(await bench.report([:], on: .only("b"))?.status == .unhealthy)
        #expect(await bench.started == ["a", "b", "a"])
        // The pace of checks varies by a tenth.
        await bench.advance(.seconds(1))
        #expect(await bench.report(["a": .ok, "b": .ok])?.status == .healthy)
        #expect(await bench.started == ["a", "b", "a", "a", "b"])
    }

    @Test("One service alone is probed and waited for")
    func oneAlone() async {
        let bench = await Bench(.onDemand(Self.three))
        #expect(await bench.report(["tempo": .ok], on: .only("tempo"))?.services.map(\.name) == ["tempo"])
        #expect(await bench.started == ["tempo"])
    }

    @Test("A check of no services is not healthy, on demand and with an interval")
    func nothing() async {
        let none = Selection.excluding(["grafana", "loki", "tempo"])
        for plan in [Aggregator.Plan.onDemand(Self.three), .background(Self.three)] {
            let bench = await Bench(plan)
            let report = await bench.report(Self.well, on: none)
            #expect(report?.status == .unhealthy)
            #expect(report?.cause == .nothingChecked)
            #expect(await bench.report(Self.well, on: none)?.cause == .nothingChecked)
        }
    }

    @Test("A report is used again as long as it is fresh enough, and no longer")
    func memory() async {
        let bench = await Bench(.onDemand(Self.three, maxAge: .seconds(1)))
        let first = await bench.ask()
        await bench.advance(.milliseconds(100))
        await bench.end(Self.well)
        let number = await bench.answer(first)?.number
        await bench.advance(.milliseconds(900))
        #expect(await bench.known()?.number == number)
        #expect(await bench.known(.only("loki")) == nil)
        await bench.advance(.milliseconds(1))
        #expect(await bench.known() == nil)
        let second = await bench.ask()
        await bench.end(Self.well)
        #expect(await bench.answer(second)?.number != number)
        #expect(await bench.started.count == 6)
    }

    @Test("The number of remembered reports is limited")
    func boundedMemory() async {
        for plan in [Aggregator.Plan.onDemand(Self.three, maxAge: .seconds(60)), .background(Self.three)] {
            let bench = await Bench(plan)
            var numbers: [Int?] = []
            for index in 0..<200 {
                let question = await bench.ask(.excluding(["x\(index)"]))
                await bench.end(Self.well)
                numbers.append(await bench.answer(question)?.number)
            }
            var remembered = 0
            // From the youngest: in the background, asking makes a report where there is none.
            for index in (0..<200).reversed()
            where await bench.known(.excluding(["x\(index)"]))?.number == numbers[index] {
                remembered += 1
            }
            #expect((1...64).contains(remembered))
        }
    }

    @Test("The limit of a probe is the shorter of its timeout and the deadline, and it knows which one")
    func deadline() async {
        let targets = [Duration.seconds(5), .milliseconds(200), .milliseconds(100)].map { timeout in
            Service(name: "\(timeout)", target: .on("\(timeout)", timeout: timeout))
        }
        let bench = await Bench(
            Aggregator.Plan(services: targets, deadline: .milliseconds(200), freshness: .onDemand(maxAge: .zero)))
        _ = await bench.ask()
        let limits = await bench.limits
        #expect(limits.map(\.duration) == [.milliseconds(200), .milliseconds(200), .milliseconds(100)])
        #expect(limits.map(\.setting) == [.deadline, .timeout, .timeout])
    }

    @Test("Every change of a service's status is reported once, with the duration of the former status")
    func changes() async {
        let bench = await Bench(.onDemand(Self.three))
        for outcome in [Outcome.ok, .ok, .refused, .refused, .ok] {
            _ = await bench.report(["loki": outcome], on: .only("loki"))
            await bench.advance(.seconds(10))
        }
        let told = await bench.transitions.compactMap { transition -> (HealthStatus, Duration?)? in
            guard case .service(let service, let lasted) = transition else { return nil }
            return (service.status, lasted)
        }
        #expect(told.map(\.0) == [.healthy, .unhealthy, .healthy])
        #expect(told.map(\.1) == [nil, .seconds(20), .seconds(20)])
        #expect(await bench.transitions.count == 3)
    }

    @Test(
        "For a service with instances, each instance's changes are reported, and the service's after all have answered")
    func instanceChanges() async {
        let bench = await Bench(.onDemand([.group("loki", ["a", "b"], required: 1)]))
        _ = await bench.report(["a": .ok, "b": .ok])
        _ = await bench.report(["a": .refused, "b": .refused])
        let told = await bench.transitions.map { transition in
            switch transition {
            case .service(let service, _): "\(service.name) \(service.status)"
            case .instance(let instance, let name, _): "\(name) \(instance.name) \(instance.status)"
            case .node(let report, _): "the node \(report.status)"
            case .resumed: "resumed"
            }
        }
        #expect(
            told == [
                "loki http://a healthy", "loki http://b healthy", "loki healthy", "the node healthy",
                "loki http://a unhealthy", "loki http://b unhealthy", "loki unhealthy", "the node unhealthy",
            ])
    }

    @Test("The last known state is reported without a probe, and never as healthy")
    func lastKnown() async {
        let bench = await Bench(.onDemand(Self.three))
        #expect(await bench.lastKnown()?.services.isEmpty == true)
        _ = await bench.report(["loki": .ok], on: .only("loki"))
        let report = await bench.lastKnown()
        #expect(report?.services.map(\.name) == ["loki"])
        #expect(report?.status == .unhealthy)
        #expect(report?.cause == .draining)
        #expect(await bench.started.count == 1)
    }

    // MARK: In the background

    @Test("With an interval, requests start no probe: every request is answered from the last check")
    func background() async {
        let bench = await Bench(.background(Self.three))
        await bench.check()
        await bench.end(["grafana": .ok, "loki": .refused, "tempo": .ok])
        #expect(await bench.checksEnded == 1)
        await bench.advance(.seconds(10))
        for (selection, status) in [
            (Selection.all, HealthStatus.unhealthy), (.only("loki"), .unhealthy), (.only("tempo"), .healthy),
            (.excluding(["loki"]), .healthy),
        ] {
            let known = await bench.known(selection)
            #expect(known?.report.status == status)
            #expect(known?.report.checkedAt.milliseconds == 1_000_000)
            #expect(await bench.known(selection)?.number == known?.number, "encoded once")
        }
        #expect(await bench.started.count == 3)
    }

    @Test("A request before the end of the first check waits for it")
    func firstCheck() async {
        let bench = await Bench(.background(Self.three))
        await bench.check()
        let (all, one) = (await bench.ask(), await bench.ask(.only("loki")))
        #expect(await bench.answer(all) == nil)
        await bench.end(Self.well)
        #expect(await bench.answer(all)?.report.services.count == 3)
        #expect(await bench.answer(one)?.report.services.map(\.name) == ["loki"])
        #expect(await bench.started.count == 3)
    }

    @Test("During a check, answers come from the one before, not from a mixture")
    func unmixed() async {
        let bench = await Bench(.background(Self.three))
        await bench.check()
        await bench.end(Self.well)
        await bench.check()
        await bench.end("loki", .refused)
        #expect(await bench.known(.excluding(["tempo"]))?.report.status == .healthy)
        await bench.end(Self.well)
        #expect(await bench.known(.excluding(["tempo"]))?.report.status == .unhealthy)
    }

    @Test("A stuck checker reports healthy only until its report is stale")
    func stale() async {
        let bench = await Bench(.background(Self.three, staleAfter: .seconds(15)))
        await bench.check()
        await bench.end(Self.well)
        await bench.check()
        await bench.advance(.seconds(15))
        #expect(await bench.known()?.report.status == .healthy)
        await bench.advance(.milliseconds(1))
        for selection in [Selection.all, .only("loki"), .excluding(["loki"])] {
            let known = await bench.known(selection)
            #expect(known?.report.status == .unhealthy)
            #expect(known?.report.cause == .stale)
            #expect(await bench.known(selection)?.number == known?.number, "encoded once")
        }
        await bench.end(Self.well)
        #expect(await bench.known()?.report.cause == .stale, "the check that was stuck began too long ago")
        await bench.check()
        await bench.end(Self.well)
        #expect(await bench.known()?.report.status == .healthy)
    }

    // MARK: Reloads

    @Test("A new plan keeps the state of targets that stay, and drops that of changed ones")
    func replace() async {
        let bench = await Bench(.onDemand(Self.three))
        _ = await bench.report(["grafana": .refused, "loki": .ok, "tempo": .ok])
        await bench.advance(.seconds(60))
        let other = Service(
            name: "loki",
            target: Target(
                id: "loki",
                probe: .http(
                    Request(URL(scheme: .http, host: "loki", target: "/ready")), Expectation(.only(200))),
                timeout: .seconds(1)))
        await bench.replace(.onDemand([.on("grafana", isCritical: false), other, .on("new")]))
        let question = await bench.ask()
        await bench.end(["grafana": .refused, "loki": .ok, "new": .ok])
        let report = await bench.answer(question)?.report
        #expect(report?.status == .degraded)
        #expect(report?.services.map(\.name) == ["grafana", "loki", "new"])
        #expect(report?.services.map(\.since.milliseconds) == [1_000_000, 1_060_000, 1_060_000])
    }

    @Test("A running check ends with its old plan, and does not answer later requests")
    func replaceInFlight() async {
        let bench = await Bench(.onDemand([.on("a"), .on("b")], maxAge: .seconds(60)))
        let before = await bench.ask()
        await bench.replace(.onDemand([.on("b"), .on("c")], maxAge: .seconds(60)))
        let after = await bench.ask()
        #expect(await bench.started == ["a", "b", "c"], "the probe of b is shared")
        await bench.end(["a": .ok, "b": .ok])
        #expect(await bench.answer(before)?.report.services.map(\.name) == ["a", "b"])
        #expect(await bench.known() == nil)
        await bench.end("c", .refused)
        #expect(await bench.answer(after)?.report.services.map(\.name) == ["b", "c"])
        #expect(await bench.known()?.number == bench.answer(after)?.number)
    }
}
