import HTTPClient
import Health

/// Compares metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats), or in OpenMetrics, with
/// what is expected. It looks at lines that are asked for, and at no others.
struct MetricsJudge {
    private enum Finding {
        case missing
        case expected
        case differing(BodyMismatch)
    }

    private let expectations: [MetricExpectation]
    private let filter: LineFilter

    init(_ expectations: [MetricExpectation]) {
        self.expectations = expectations
        filter = LineFilter(Set(expectations.map(\.selector.name)).sorted())
    }

    /// The first difference, in the order of the expectations; nil where all is as expected.
    func mismatch(in response: Response, _ counters: inout Counters) -> BodyMismatch? {
        // The last value may be cut off, too.
        if response.isOpenMetrics, !response.endsAsOpenMetrics { return .cutMetrics }
        var filter = filter
        response.body.withUnsafeBytes { filter.receive($0) }
        let found = findings(filter.lines.span, &counters)
        // No more than that may have been kept.
        let beginning = Array(response.body.prefix(ResponseWords.keptBody))
        if filter.lines.isEmpty, !MetricsJudge.isMetrics(beginning.span) {
            return .notMetrics(found: ResponseWords.excerpt(of: beginning) ?? Excerpt(quoting: ""))
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

    /// Of each expectation.
    private func findings(_ text: Span<UInt8>, _ counters: inout Counters) -> [Finding] {
        var found = [Finding](repeating: .missing, count: expectations.count)
        var start = 0
        while start < text.count {
            let line = MetricsJudge.line(text, from: start)
            look(at: line, of: text, &found, &counters)
            start = line.upperBound + 1
        }
        return found
    }

    private func look(
        at line: Range<Int>, of text: Span<UInt8>, _ found: inout [Finding], _ counters: inout Counters
    ) {
        let nameEnd = MetricSample.nameEnd(text, line)
        var sample: MetricSample?
        var isRead = false
        for (index, expectation) in expectations.enumerated()
        where MetricSample.isEqual(text, line.lowerBound..<nameEnd, expectation.selector.name) {
            if !isRead { (sample, isRead) = (MetricSample(text, line, nameEnd: nameEnd), true) }
            let difference: BodyMismatch?
            if let sample {
                guard sample.matches(expectation.selector, text) else { continue }
                difference = MetricsJudge.difference(sample, of: text, expectation.comparisons, &counters)
            } else {
                difference = .unreadableMetric(line: Excerpt(quoting: MetricsJudge.words(text, line)))
            }
            if case .differing = found[index] { continue }
            found[index] = difference.map { .differing($0) } ?? .expected
        }
    }

    private static func difference(
        _ sample: MetricSample, of text: Span<UInt8>, _ comparisons: [Comparison], _ counters: inout Counters
    ) -> BodyMismatch? {
        var first: BodyMismatch?
        // Of all, so that each counter is noted.
        for comparison in comparisons {
            if case .increase(let bounds) = comparison {
                let series = words(text, sample.series, atMost: .max)
                guard let increase = counters.increase(of: series, to: sample.value) else { continue }
                first = first ?? difference(increase, bounds, of: series)
            } else if first == nil, differs(sample.value, comparison) {
                first = Comparer.difference(
                    .scalar(.number(sample.value)), comparison,
                    at: Excerpt(words(text, sample.series)).description)
            }
        }
        return first
    }

    private static func difference(
        _ increase: Counters.Increase, _ bounds: [Comparison], of series: String
    ) -> BodyMismatch? {
        guard bounds.contains(where: { differs(increase.value, $0) }) else { return nil }
        let place = "the increase of \(Excerpt(series))"
        let value = JSONScalar.number(increase.value)
        guard case .compared(_, let expected, _)? = Comparer.difference(.scalar(value), bounds, at: place) else {
            return nil
        }
        let (before, now) = (JSONScalar.number(increase.before), JSONScalar.number(increase.now))
        return .compared(place, expected: expected, found: Excerpt("\(value) (from \(before) to \(now))"))
    }

    /// Tells without making the text of a series, as most are as expected.
    private static func differs(_ value: Double, _ comparison: Comparison) -> Bool {
        Comparer.difference(.scalar(.number(value)), comparison, at: "") != nil
    }

    /// Whether a body without a requested line is metrics all the same: its first line tells, or the name of one that is cut off.
    private static func isMetrics(_ body: Span<UInt8>) -> Bool {
        var start = 0
        while start < body.count, body[start] == 0x0A || MetricSample.isBlank(body[start]) { start += 1 }
        guard start < body.count, body[start] != UInt8(ascii: "#") else { return true }
        let line = line(body, from: start)
        let nameEnd = MetricSample.nameEnd(body, line)
        guard nameEnd > start else { return false }
        if MetricSample(body, line, nameEnd: nameEnd) != nil { return true }
        let isCut = line.upperBound == body.count && body.count == ResponseWords.keptBody
        return isCut && nameEnd < body.count && body[nameEnd] == UInt8(ascii: "{")
    }

    /// Without its line feed.
    private static func line(_ text: Span<UInt8>, from start: Int) -> Range<Int> {
        var end = start
        while end < text.count, text[end] != 0x0A { end += 1 }
        return start..<end
    }

    private static func words(
        _ text: Span<UInt8>, _ range: Range<Int>, atMost count: Int = ResponseWords.keptBody
    ) -> String {
        var end = range.prefix(count).upperBound
        while end > range.lowerBound, MetricSample.isBlank(text[end - 1]) { end -= 1 }
        return String(text, range.lowerBound..<end)
    }
}

extension Response {
    fileprivate var isOpenMetrics: Bool {
        value(of: "Content-Type")?.lowercased().hasPrefix("application/openmetrics-text") == true
    }

    fileprivate var endsAsOpenMetrics: Bool {
        var text = body[...]
        for end in "\n\r".utf8 where text.last == end { text.removeLast() }
        let last = Array(MetricSelector.lastLine.utf8)
        return text.suffix(last.count).elementsEqual(last) && (text.dropLast(last.count).last ?? 0x0A) == 0x0A
    }
}
