import HTTPClient
import Health

/// Compares metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats), or in OpenMetrics, with
/// what is expected. It looks at lines that are asked for, and at no others.
struct MetricsJudge {
    private let expectations: [MetricExpectation]
    private let names: [[UInt8]]
    private let filter: LineFilter

    init(_ expectations: [MetricExpectation]) {
        self.expectations = expectations
        names = expectations.map { Array($0.selector.name.utf8) }
        filter = LineFilter(Set(expectations.map(\.selector.name)).sorted())
    }

    /// The first difference, in the order of the expectations; nil where all is as expected.
    func mismatch(in response: Response, _ counters: inout Counters) -> BodyMismatch? {
        // The last value may be cut off, too.
        if response.isOpenMetrics, !response.endsAsOpenMetrics { return .cutMetrics }
        var filter = filter
        response.body.withUnsafeBytes { filter.receive($0) }
        var found = [Finding](repeating: .missing, count: expectations.count)
        for line in filter.lines.split(separator: UInt8(ascii: "\n")) { look(at: line, &found, &counters) }
        // No more than that may have been kept.
        let beginning = response.body.prefix(ResponseWords.keptBody)
        if filter.lines.isEmpty, !MetricsJudge.isMetrics(beginning) {
            return .notMetrics(found: ResponseWords.excerpt(of: Array(beginning)) ?? Excerpt(quoting: ""))
        }
        for (expectation, finding) in zip(expectations, found) {
            switch finding {
            case .differing(let mismatch): return mismatch
            case .missing where !expectation.comparisons.contains(.exists(false)):
                return .noMetric(expectation.selector)
            case .missing, .expected: continue
            }
        }
        return nil
    }

    private enum Finding {
        case missing
        case expected
        case differing(BodyMismatch)
    }

    private func look(at line: ArraySlice<UInt8>, _ found: inout [Finding], _ counters: inout Counters) {
        let name = line.prefix(while: MetricSample.isOfName)
        let asking = names.indices.filter { name.elementsEqual(names[$0]) }
        guard !asking.isEmpty else { return }
        let sample = MetricSample(line, behind: name.endIndex)
        for index in asking {
            let difference: BodyMismatch?
            if let sample {
                guard sample.matches(expectations[index].selector) else { continue }
                difference = MetricsJudge.difference(sample, expectations[index], &counters)
            } else {
                difference = ResponseWords.excerpt(of: Array(line)).map { .unreadableMetric(line: $0) }
            }
            if case .differing = found[index] { continue }
            found[index] = difference.map { .differing($0) } ?? .expected
        }
    }

    private static func difference(
        _ sample: MetricSample, _ expectation: MetricExpectation, _ counters: inout Counters
    ) -> BodyMismatch? {
        let series = MetricSelector(name: expectation.selector.name, labels: sample.labels)
        var first: BodyMismatch?
        // Of all, so that each counter is noted.
        for comparison in expectation.comparisons {
            let difference: BodyMismatch?
            if case .increase(let bounds) = comparison {
                guard let increase = counters.increase(of: "\(series)", to: sample.value) else { continue }
                difference = MetricsJudge.difference(increase, bounds, of: series)
            } else {
                difference = Comparer.difference(
                    .scalar(.number(sample.value)), [comparison], at: Excerpt("\(series)").description)
            }
            first = first ?? difference
        }
        return first
    }

    private static func difference(
        _ increase: Counters.Increase, _ bounds: [Comparison], of series: MetricSelector
    ) -> BodyMismatch? {
        let place = "the increase of \(Excerpt("\(series)"))"
        let value = JSONScalar.number(increase.value)
        guard case .compared(_, let expected, _)? = Comparer.difference(.scalar(value), bounds, at: place) else {
            return nil
        }
        let (before, now) = (JSONScalar.number(increase.before), JSONScalar.number(increase.now))
        return .compared(place, expected: expected, found: Excerpt("\(value) (from \(before) to \(now))"))
    }

    /// Whether a body without a line that is asked for is metrics all the same: its first line tells.
    private static func isMetrics(_ body: ArraySlice<UInt8>) -> Bool {
        let isBlank: (UInt8) -> Bool = { $0 == 0x0A || MetricSample.isBlank($0) }
        guard let start = body.firstIndex(where: { !isBlank($0) }), body[start] != UInt8(ascii: "#") else {
            return true
        }
        let line = body[start...].prefix { $0 != UInt8(ascii: "\n") }
        let name = line.prefix(while: MetricSample.isOfName)
        return !name.isEmpty && MetricSample(line, behind: name.endIndex) != nil
    }
}

extension Response {
    fileprivate var isOpenMetrics: Bool {
        value(of: "Content-Type")?.lowercased().hasPrefix("application/openmetrics-text") == true
    }

    fileprivate var endsAsOpenMetrics: Bool {
        let text = body.last == UInt8(ascii: "\n") ? body.dropLast() : body[...]
        let last = Array(MetricSelector.lastLine.utf8)
        return text.suffix(last.count).elementsEqual(last) && (text.dropLast(last.count).last ?? 0x0A) == 0x0A
    }
}
