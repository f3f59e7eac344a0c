import HTTPClient
import Health
import Judging

/// Bodies that take their time, made up here.
extension HotPaths {
    static func bodyPaths() throws -> [(path: Path, size: Int)] {
        let metrics = metrics(of: 300_000)
        let kept = lines(of: metrics)
        var paths: [(path: Path, size: Int)] = [
            (("metrics of 300 kB: keep the lines as they come", { lines(of: metrics).count }), metrics.count),
            (("metrics of 300 kB: judge the kept lines", try judge(kept, by: metricsExpectation)), kept.count),
            (("metrics of 300 kB: judge the whole body", try judge(metrics, by: metricsExpectation)), metrics.count),
        ]
        for (name, size) in [("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
            let body = ring(of: size)
            paths.append((("JSON of \(name): comparisons", try judge(body, by: ringExpectation())), body.count))
        }
        return paths
    }

    private static let metricsExpectation = BodyExpectation(metrics: [
        MetricExpectation(MetricSelector(name: "wal_usage"), [.below(0.9)]),
        MetricExpectation(MetricSelector(name: "request_failures_total"), [.increase([.atMost(0)])]),
        MetricExpectation(
            MetricSelector(
                name: "request_duration_seconds_sum", labels: [.init(name: "route", value: "api_v1_route_7")]),
            [.atLeast(0)]),
    ])

    private static func judge(_ body: [UInt8], by expectation: BodyExpectation) throws -> () -> Int {
        let judge = try BodyJudge(expectation)
        return {
            precondition(judge.mismatch(in: body) == nil)
            return 1
        }
    }

    /// As a transfer takes them: libcurl gives 16 KiB at most.
    private static func lines(of body: [UInt8]) -> [UInt8] {
        var filter = LineFilter(metricsExpectation.metrics.map(\.selector.name))
        body.withUnsafeBytes { body in
            var start = 0
            while start < body.count {
                let end = min(start + 16_384, body.count)
                filter.receive(UnsafeRawBufferPointer(rebasing: body[start..<end]))
                start = end
            }
        }
        return filter.lines
    }

    /// As Loki's: histograms of many routes, and a few single series.
    private static func metrics(of size: Int) -> [UInt8] {
        let bounds = [
            "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "25", "50", "100", "+Inf",
        ]
        var text = "# HELP wal_usage Share of the disk that is used\n# TYPE wal_usage gauge\nwal_usage 0.1028\n"
        var route = 0
        while text.utf8.count < size {
            let labels = "method=\"GET\",route=\"api_v1_route_\(route)\",status_code=\"200\",ws=\"false\""
            for bound in bounds {
                text += "request_duration_seconds_bucket{\(labels),le=\"\(bound)\"} \(route * 7)\n"
            }
            text += "request_duration_seconds_sum{\(labels)} \(Double(route) * 0.123)\n"
            text += "request_failures_total{\(labels)} 0\n"
            route += 1
        }
        return Array(text.utf8)
    }

    private static func ringExpectation() throws -> BodyExpectation {
        guard let shards = JSONPointer("/shards"), let state = JSONPointer("/state") else { preconditionFailure() }
        let active = BodyExpectation.Member(pointer: state, value: .string("ACTIVE"))
        return BodyExpectation(members: [.init(pointer: shards, [.count([.atLeast(3)]), .everyElement([active])])])
    }

    /// As a ring's, of Loki.
    private static func ring(of size: Int) -> [UInt8] {
        var members: [String] = []
        var length = 0
        while length < size {
            let member =
                "{\"id\": \"ingester-\(members.count)\", \"state\": \"ACTIVE\", \"zone\": \"a\", \"tokens\": [1, 2, 3], "
                + "\"timestamp\": \"2026-11-26T10:00:00Z\", \"address\": \"10.0.0.\(members.count % 250):9095\"}"
            length += member.utf8.count + 2
            members.append(member)
        }
        return Array("{\"shards\": [\(members.joined(separator: ", "))]}".utf8)
    }
}
