import HTTPClient
import Health
import Testing

/// What the whole is by its parts: criticality, required instances, results in a row, age, exclusion.
@Suite("Verdicts", .timeLimit(.minutes(5)))
struct VerdictTests {
    /// One row: a plan of `a` alone, `n` that is not critical and `g` of three instances, and a history.
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var required = 2
        var isGroupCritical = true
        var threshold = Threshold.once
        /// Who is down in each check, one after the other; the last one is judged.
        let down: [[String]]
        var age: Duration = .zero
        var selection = Selection.all
        let whole: HealthStatus
        let services: [String: HealthStatus]
        var cause: Report.Cause?
    }

    static let well: [String: HealthStatus] = ["a": .healthy, "n": .healthy, "g": .healthy]

    static func with(_ changes: [String: HealthStatus]) -> [String: HealthStatus] {
        well.merging(changes) { $1 }
    }

    static let rows: [Row] = [
        Row(testDescription: "all is well", down: [[]], whole: .healthy, services: well),
        Row(testDescription: "critical", down: [["a"]], whole: .unhealthy, services: with(["a": .unhealthy])),
        Row(testDescription: "not critical", down: [["n"]], whole: .degraded, services: with(["n": .degraded])),
        Row(
            testDescription: "both", down: [["a", "n"]], whole: .unhealthy,
            services: with(["a": .unhealthy, "n": .degraded])),
        Row(
            testDescription: "one of three, two required", down: [["g1"]], whole: .degraded,
            services: with(["g": .degraded])),
        Row(
            testDescription: "two of three, two required", down: [["g1", "g3"]], whole: .unhealthy,
            services: with(["g": .unhealthy])),
        Row(
            testDescription: "two of three, any required", required: 1, down: [["g1", "g3"]], whole: .degraded,
            services: with(["g": .degraded])),
        Row(
            testDescription: "all of three, any required", required: 1, down: [["g1", "g2", "g3"]], whole: .unhealthy,
            services: with(["g": .unhealthy])),
        Row(
            testDescription: "one of three, all required", required: 3, down: [["g2"]], whole: .unhealthy,
            services: with(["g": .unhealthy])),
        Row(
            testDescription: "one of three, all required, not critical", required: 3, isGroupCritical: false,
            down: [["g2"]], whole: .degraded, services: with(["g": .degraded])),
        Row(
            testDescription: "a group that is not critical and a service that is", required: 3, isGroupCritical: false,
            down: [["g2", "a"]], whole: .unhealthy, services: with(["g": .degraded, "a": .unhealthy])),

        Row(
            testDescription: "the first result decides at once, down", threshold: Threshold(rise: 2, fall: 3),
            down: [["a"]], whole: .unhealthy, services: with(["a": .unhealthy])),
        Row(
            testDescription: "the first result decides at once, up", threshold: Threshold(rise: 2, fall: 3),
            down: [[]], whole: .healthy, services: well),
        Row(
            testDescription: "two of fall 3", threshold: Threshold(rise: 2, fall: 3), down: [[], ["a"], ["a"]],
            whole: .healthy, services: well),
        Row(
            testDescription: "three of fall 3", threshold: Threshold(rise: 2, fall: 3),
            down: [[], ["a"], ["a"], ["a"]],
            whole: .unhealthy, services: with(["a": .unhealthy])),
        Row(
            testDescription: "not in a row", threshold: Threshold(rise: 2, fall: 3),
            down: [[], ["a"], ["a"], [], ["a"], ["a"]], whole: .healthy, services: well),
        Row(
            testDescription: "one of rise 2", threshold: Threshold(rise: 2, fall: 3), down: [["a"], []],
            whole: .unhealthy, services: with(["a": .unhealthy])),
        Row(
            testDescription: "two of rise 2", threshold: Threshold(rise: 2, fall: 3), down: [["a"], [], []],
            whole: .healthy, services: well),
        Row(
            testDescription: "rise not in a row", threshold: Threshold(rise: 2, fall: 3), down: [["a"], [], ["a"], []],
            whole: .unhealthy, services: with(["a": .unhealthy])),
        Row(
            testDescription: "fall of a service that is not critical", threshold: Threshold(rise: 1, fall: 2),
            down: [[], ["n"], ["n"]], whole: .degraded, services: with(["n": .degraded])),
        Row(
            testDescription: "instances fall one by one", threshold: Threshold(rise: 1, fall: 2),
            down: [[], ["g1"], ["g1", "g2"], ["g2"]], whole: .degraded, services: with(["g": .degraded])),
        Row(
            testDescription: "instances fall together", threshold: Threshold(rise: 1, fall: 2),
            down: [[], ["g1", "g2"], ["g1", "g2"]], whole: .unhealthy, services: with(["g": .unhealthy])),

        Row(
            testDescription: "as old as it may be", down: [[]], age: .seconds(15), whole: .healthy, services: well),
        Row(
            testDescription: "too old", down: [[]], age: .milliseconds(15_001), whole: .unhealthy, services: well,
            cause: .stale),
        Row(
            testDescription: "too old and degraded", down: [["n"]], age: .seconds(16), whole: .unhealthy,
            services: with(["n": .degraded]), cause: .stale),

        Row(
            testDescription: "what is down is left out", down: [["a"]], selection: .excluding(["a"]), whole: .healthy,
            services: ["n": .healthy, "g": .healthy]),
        Row(
            testDescription: "what is degraded is left out", down: [["n"]], selection: .excluding(["n"]),
            whole: .healthy, services: ["a": .healthy, "g": .healthy]),
        Row(
            testDescription: "all is left out", down: [[]], selection: .excluding(["a", "n", "g"]), whole: .unhealthy,
            services: [:], cause: .nothingChecked),
        Row(
            testDescription: "left out and stale", down: [["a"]], age: .seconds(16), selection: .excluding(["a"]),
            whole: .unhealthy, services: ["n": .healthy, "g": .healthy], cause: .stale),
        Row(
            testDescription: "asked for alone, it is critical", down: [["n"]], selection: .only("n"),
            whole: .unhealthy, services: ["n": .unhealthy]),
        Row(
            testDescription: "asked for alone, others do not matter", down: [["a"]], selection: .only("g"),
            whole: .healthy, services: ["g": .healthy]),
    ]

    @Test("The status of the node follows from its services", arguments: rows)
    func verdict(row: Row) async {
        let services = [
            Service.on("a", threshold: row.threshold), .on("n", isCritical: false, threshold: row.threshold),
            .group(
                "g", ["g1", "g2", "g3"], required: row.required, isCritical: row.isGroupCritical,
                threshold: row.threshold),
        ]
        let bench = await Bench(.background(services, staleAfter: .seconds(15)))
        for down in row.down {
            await bench.advance(.seconds(5))
            await bench.check()
            for host in ["a", "n", "g1", "g2", "g3"] { await bench.end(host, down.contains(host) ? .refused : .ok) }
        }
        await bench.advance(row.age)
        let report = await bench.known(row.selection)?.report
        #expect(report?.status == row.whole)
        #expect(report?.cause == row.cause)
        let found = Dictionary(uniqueKeysWithValues: (report?.services ?? []).map { ($0.name, $0.status) })
        #expect(found == row.services)
    }

    @Test("The report shows the progress to another status")
    func onTheWay() async {
        let bench = await Bench(.background([.on("a", threshold: Threshold(rise: 2, fall: 3))]))
        func target(_ outcome: Outcome) async -> TargetReport? {
            await bench.check()
            await bench.end("a", outcome)
            return await bench.known()?.report.services.first?.instances.first
        }
        let reason = Reason.transfer(.refused(place: "x"))
        #expect(await target(.ok)?.against == nil)
        let failing = await target(.refused)
        #expect(failing?.status == .healthy)
        #expect(failing?.reason == nil)
        #expect(failing?.against == .failing(count: 1, of: 3, reason))
        _ = await target(.refused)
        let failed = await target(.refused)
        #expect(failed?.status == .unhealthy)
        #expect(failed?.reason == reason)
        #expect(failed?.against == nil)
        let recovering = await target(.ok)
        #expect(recovering?.status == .unhealthy)
        #expect(recovering?.reason == reason)
        #expect(recovering?.against == .recovering(count: 1, of: 2))
    }
}
