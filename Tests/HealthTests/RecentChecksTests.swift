import Health
import Testing
import Time

@Suite("The last checks")
struct RecentChecksTests {
    private static func ring(of count: Int) -> RecentChecks {
        var ring = RecentChecks()
        for number in 0..<count {
            ring.append(
                startedAt: Timestamp(milliseconds: Int64(number) * 1000), duration: .microseconds(number),
                number % 3 != 0 ? .healthy : .failed(.refused))
        }
        return ring
    }

    @Test("It holds the last 120, the oldest first", arguments: [0, 1, 2, 119, 120, 121, 239, 240, 241, 1000])
    func last(count: Int) {
        let ring = Self.ring(of: count)
        let expected = Array((0..<count).suffix(RecentChecks.limit))
        #expect(ring.count == expected.count)
        #expect(ring.all.map(\.startedAt.milliseconds) == expected.map { Int64($0) * 1000 })
        #expect(ring.all.map(\.duration) == expected.map { .microseconds($0) })
        #expect(ring.all.map(\.isUp) == expected.map { $0 % 3 != 0 })
        #expect(ring.upCount == expected.count { $0 % 3 != 0 })
    }

    @Test(
        "Durations are kept to the microsecond, and what does not fit is the most that does",
        arguments: [
            (.zero, .zero), (.nanoseconds(999), .zero), (.microseconds(1), .microseconds(1)),
            (.seconds(60), .seconds(60)), (.microseconds(2_147_483_647), .microseconds(2_147_483_647)),
            (.microseconds(4_294_967_296), .microseconds(4_294_967_295)),
            (.seconds(100_000_000), .microseconds(4_294_967_295)), (.seconds(-1), .zero),
        ] as [(Duration, Duration)])
    func durations(given: Duration, kept: Duration) {
        var ring = RecentChecks()
        ring.append(startedAt: Timestamp(milliseconds: 0), duration: given, .healthy)
        ring.append(startedAt: Timestamp(milliseconds: 0), duration: given, .failed(.timeout))
        #expect(ring.all.map(\.duration) == [kept, kept])
        #expect(ring.all.map(\.isUp) == [true, false])
    }

    @Test(
        "Times are kept to the second, and a clock that is wrong does no harm",
        arguments: [
            (1_795_243_200_999, 1_795_243_200_000), (-5000, 0), (.max, 4_294_967_295_000),
        ] as [(Int64, Int64)])
    func times(given: Int64, kept: Int64) {
        var ring = RecentChecks()
        ring.append(startedAt: Timestamp(milliseconds: given), duration: .zero, .healthy)
        #expect(ring.all.map(\.startedAt.milliseconds) == [kept])
    }

    @Test("The result of each check is kept, with its cause", arguments: FailureCause.allCases)
    func results(cause: FailureCause) {
        var ring = RecentChecks()
        let results: [RecentChecks.Result] = [.healthy, .degraded(cause), .failed(cause)]
        for result in results { ring.append(startedAt: Timestamp(milliseconds: 0), duration: .zero, result) }
        #expect(ring.all.map(\.result) == results)
        #expect(ring.all.map(\.isUp) == [true, true, false] && ring.upCount == 2)
    }

    @Test("A copy does not change with its original")
    func value() {
        var ring = Self.ring(of: 120)
        let copy = ring
        ring.append(startedAt: Timestamp(milliseconds: 0), duration: .zero, .healthy)
        #expect(copy == Self.ring(of: 120) && copy != ring)
    }

    @Test("The checks of a target are its observations, independent of the status")
    func ofTarget() async throws {
        let bench = await Bench(.onDemand([.on("a")]))
        for outcome in [Outcome.ok, .refused, .ok] {
            _ = await bench.report(["a": outcome])
            await bench.advance(.seconds(1))
        }
        let service = try #require(await bench.report(["a": .ok])?.services.first)
        #expect(service.recent.all.map(\.isUp) == [true, false, true, true])
        #expect(service.recent.all.map(\.startedAt.milliseconds) == [1_000_000, 1_001_000, 1_002_000, 1_003_000])
        #expect(service.instances.first?.recent == service.recent)

        let slow = await Bench(.background([.on("a", threshold: Threshold(rise: 2, fall: 2))]))
        for outcome in [Outcome.ok, .refused] {
            await slow.check()
            await slow.end("a", outcome)
        }
        let known = try #require(await slow.known()?.report.services.first)
        #expect(known.status == .healthy && known.recent.all.map(\.isUp) == [true, false])
    }

    @Test("The checks of a group tell whether enough instances were healthy, and the time of the slowest answer")
    func ofGroup() async throws {
        let bench = await Bench(.onDemand([.group("loki", ["a", "b"], required: 1)]))
        for (a, b) in [(Outcome.ok, Outcome.ok), (.refused, .ok), (.ok, .refused), (.refused, .refused)] {
            let question = await bench.ask()
            await bench.end("a", a)
            await bench.advance(.milliseconds(7))
            await bench.end("b", b)
            #expect(await bench.answer(question) != nil)
        }
        let service = try #require(await bench.lastKnown()?.services.first)
        #expect(service.recent.all.map(\.isUp) == [true, true, true, false])
        #expect(
            service.recent.all.map(\.result) == [
                .healthy, .degraded(.instances), .degraded(.instances), .failed(.instances),
            ])
        #expect(service.recent.all.map(\.duration) == [.milliseconds(7), .milliseconds(7), .zero, .zero])
        #expect(
            service.instances.map { $0.recent.all.map(\.isUp) } == [
                [true, false, true, false], [true, true, false, false],
            ])
    }

    @Test("They survive a reload if the target stays, and end with a changed target")
    func reload() async throws {
        let bench = await Bench(.onDemand([.on("a"), .group("loki", ["b", "c"], required: 1)]))
        let all = ["a": Outcome.refused, "b": .ok, "c": .ok]
        _ = await bench.report(all)
        await bench.replace(.onDemand([.on("a", isCritical: false), .group("loki", ["b", "c"], required: 2)]))
        let report = try #require(await bench.report(all))
        #expect(report.services.map(\.recent.count) == [2, 2])

        await bench.replace(.onDemand([.on("d"), .group("loki", ["b", "d"], required: 1)]))
        let next = try #require(await bench.report(["b": .ok, "d": .ok]))
        #expect(next.services.map(\.recent.count) == [1, 1])
        #expect(next.services.last?.instances.map(\.recent.count) == [3, 1])
    }
}
