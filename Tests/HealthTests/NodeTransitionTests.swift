import Health
import Testing
import Time

@Suite("Changes of the whole node")
struct NodeTransitionTests {
    private static let three: [Service] = [.on("grafana"), .on("loki"), .on("tempo", isCritical: false)]
    private static let well: [String: Outcome] = ["grafana": .ok, "loki": .ok, "tempo": .ok]

    /// What was told of the node, such as `unhealthy after 10.0 s: loki`.
    private static func told(_ bench: Bench) async -> [String] {
        await bench.transitions.compactMap { transition in
            switch transition {
            case .node(let report, let lasted):
                let cause = report.cause.map { ": \($0.rawValue)" } ?? ""
                let names = report.services.filter { $0.status != .healthy }.map(\.name).joined(separator: ", ")
                return "\(report.status)" + (lasted.map { " after \($0.brief)" } ?? "") + cause
                    + (names.isEmpty ? "" : ": \(names)")
            case .resumed(let time): return "resumed after \(time.brief)"
            case .service, .instance: return nil
            }
        }
    }

    @Test(
        "The node is told of once it is known, and then when it turns, with all that is wrong, and not when a cause changes"
    )
    func turns() async {
        let bench = await Bench(.onDemand(Self.three))
        _ = await bench.report(["grafana": .ok], on: .only("grafana"))
        #expect(await Self.told(bench).isEmpty, "two services are unknown")
        for failing: [String: Outcome] in [
            [:], [:], ["grafana": .refused, "loki": .refused], ["grafana": .refused], ["tempo": .refused], [:],
        ] {
            _ = await bench.report(Self.well.merging(failing) { $1 })
            await bench.advance(.seconds(10))
        }
        #expect(
            await Self.told(bench) == [
                "healthy", "unhealthy after 20 s: grafana, loki", "degraded after 20 s: tempo", "healthy after 10 s",
            ])
    }

    @Test("A check of some services turns the node too")
    func some() async {
        let bench = await Bench(.onDemand(Self.three))
        _ = await bench.report(Self.well)
        _ = await bench.report(["loki": .refused], on: .only("loki"))
        #expect(await Self.told(bench) == ["healthy", "unhealthy after 0 ms: loki"])
    }

    @Test("A node whose checks are stuck is told of as stale, and then for how long they were")
    func stuck() async {
        let bench = await Bench(.background(Self.three, staleAfter: .seconds(15)))
        #expect(await bench.noteAge() == nil, "nothing is known that could become too old")
        await bench.check()
        await bench.end(Self.well)
        #expect(await bench.noteAge() == Bench.start + .milliseconds(15_001))
        await bench.check()
        await bench.advance(.seconds(16))
        #expect(await bench.noteAge() == nil)
        #expect(await bench.noteAge() == nil)
        #expect(await Self.told(bench) == ["healthy", "unhealthy after 16 s: stale"])
        // The check that was stuck began too long ago.
        await bench.end(Self.well)
        #expect(await Self.told(bench).count == 2)
        await bench.check()
        await bench.advance(.seconds(1))
        await bench.end(Self.well)
        #expect(await Self.told(bench).dropFirst(2) == ["resumed after 17 s", "healthy after 1 s"])
    }

    @Test("Checks that were stuck without anybody to notice are told of when they go on")
    func unnoticed() async {
        let bench = await Bench(.background(Self.three, staleAfter: .seconds(15)))
        await bench.check()
        await bench.end(Self.well)
        await bench.advance(.seconds(20))
        await bench.check()
        await bench.end(Self.well)
        #expect(await Self.told(bench) == ["healthy", "resumed after 20 s"])
    }

    @Test("After a reload that makes a failed service critical, the node turns")
    func reload() async {
        let bench = await Bench(.background(Self.three))
        await bench.check()
        await bench.end(Self.well.merging(["tempo": .refused]) { $1 })
        await bench.replace(.background([.on("grafana"), .on("loki"), .on("tempo")]))
        await bench.check()
        await bench.end(Self.well.merging(["tempo": .refused]) { $1 })
        #expect(await Self.told(bench) == ["degraded: tempo", "unhealthy after 0 ms: tempo"])
    }
}
