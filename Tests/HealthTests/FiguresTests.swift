import HTTPClient
import Health
import Testing

@Suite("Counters", .timeLimit(.minutes(5)))
struct FiguresTests {
    private static let two = [Service.on("grafana"), Service.on("loki", isCritical: false)]

    @Test("A duration counts in the first bucket whose bound it does not exceed, and beyond the last in one without")
    func buckets() {
        var histogram = DurationHistogram()
        let durations: [Duration] = [
            .zero, .milliseconds(1), .nanoseconds(1_000_001), .milliseconds(2000), .milliseconds(2001), .seconds(60),
        ]
        for duration in durations { histogram.record(duration) }
        #expect(histogram.buckets.map(\.bound) == DurationHistogram.bounds + [nil])
        #expect(histogram.buckets.map(\.count) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2])
        #expect(histogram.sum == .milliseconds(64_002) + .nanoseconds(1_000_001))
    }

    @Test("Before the first check, there is no state, and the counters are zero")
    func nothing() async {
        let figures = await Bench(.onDemand(Self.two)).figures()
        #expect(figures?.status == nil && figures?.age == nil)
        #expect(figures?.checks == 0 && figures?.coalesced == 0)
        #expect(figures?.services.map(\.name) == ["grafana", "loki"])
        #expect(figures?.services.map(\.isCritical) == [true, false])
        #expect(
            figures?.services.allSatisfy { $0.report == nil && $0.tally.durations.buckets.allSatisfy { $0.count == 0 } }
                == true)
    }

    @Test("Checks, shared checks, probes by their duration, failures by their cause and changes are counted")
    func counting() async {
        let bench = await Bench(.onDemand(Self.two))
        for _ in 0..<3 { _ = await bench.ask() }
        await bench.advance(.milliseconds(3))
        await bench.end(["grafana": .ok, "loki": .refused])
        _ = await bench.report(["grafana": .refused], on: .only("grafana"))
        _ = await bench.report(["grafana": .failed(.transfer(.empty)), "loki": .refused])
        _ = await bench.report(["grafana": .ok, "loki": .ok])

        let figures = await bench.figures()
        #expect(figures?.checks == 4 && figures?.coalesced == 2)
        let (grafana, loki) = (figures?.services.first, figures?.services.last)
        #expect(grafana?.tally.failures == [.refused: 1, .empty: 1])
        #expect(loki?.tally.failures == [.refused: 2])
        // healthy, unhealthy, healthy; degraded, healthy.
        #expect(grafana?.tally.changes == 2 && loki?.tally.changes == 1)
        #expect(grafana?.tally.durations.buckets.map(\.count) == [3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(grafana?.tally.durations.sum == .milliseconds(3))
        #expect(figures?.status == .healthy)
    }

    @Test("The status of the node is unknown as long as that of a service is")
    func status() async {
        let bench = await Bench(.onDemand(Self.two))
        _ = await bench.report(["grafana": .ok], on: .only("grafana"))
        #expect(await bench.figures()?.status == nil)
        _ = await bench.report(["loki": .refused], on: .only("loki"))
        #expect(await bench.figures()?.status == .degraded)
        #expect(await bench.figures()?.age == nil, "there has been no report on everything")
        _ = await bench.report(["grafana": .refused, "loki": .ok])
        await bench.advance(.seconds(7))
        #expect(await bench.figures()?.status == .unhealthy)
        #expect(await bench.figures()?.age == .seconds(7))
    }

    @Test("With an interval, a stale state is unhealthy, as in the answers")
    func stale() async {
        let bench = await Bench(.background(Self.two, staleAfter: .seconds(15)))
        await bench.check()
        await bench.end(["grafana": .ok, "loki": .ok])
        await bench.advance(.seconds(15))
        #expect(await bench.figures()?.status == .healthy)
        await bench.advance(.milliseconds(1))
        #expect(await bench.figures()?.status == .unhealthy)
        #expect(await bench.known()?.report.status == .unhealthy)
    }

    @Test("A new plan keeps the counters of services that stay, whatever else changes of them, and drops the others")
    func replaced() async {
        let bench = await Bench(.onDemand(Self.two))
        _ = await bench.report(["grafana": .ok, "loki": .refused])
        _ = await bench.report(["grafana": .refused, "loki": .refused])
        await bench.replace(.onDemand([.on("tempo"), .on("grafana", isCritical: false)]))
        var figures = await bench.figures()
        #expect(figures?.services.map(\.name) == ["tempo", "grafana"])
        #expect(figures?.services.last?.tally.failures == [.refused: 1])
        #expect(figures?.services.last?.tally.changes == 1)
        #expect(figures?.status == nil && figures?.age == nil)
        #expect(figures?.checks == 2)

        await bench.replace(.onDemand(Self.two))
        figures = await bench.figures()
        #expect(figures?.services.last?.tally.failures == [:], "it had gone")
        #expect(figures?.services.first?.tally.failures == [.refused: 1])
    }
}
