import Health

/// Reads metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats), one line at a time, and
/// keeps nothing of those that nobody asks for.
enum MetricsDocument {
    private static let lineFeed = UInt8(ascii: "\n")

    /// The first difference, in the order of the expectations; nil where all is as expected.
    /// - Parameter counters: the values at the check before, and then at this one, of series with an `increase`.
    static func mismatch(
        in body: [UInt8], _ expectations: [MetricExpectation], _ counters: inout [String: Double]
    ) -> BodyMismatch? {
        var found = [BodyMismatch?](repeating: nil, count: expectations.count)
        var isThere = [Bool](repeating: false, count: expectations.count)
        let names = expectations.map { Array($0.selector.name.utf8) }
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: lineFeed) ?? body.endIndex
            let line = body[start..<end]
            start = end + 1
            for (index, name) in names.enumerated() where line.starts(with: name) {
                guard let sample = MetricSample(line, nameLength: name.count),
                    sample.matches(expectations[index].selector)
                else { continue }
                isThere[index] = true
                let difference = difference(sample, expectations[index], &counters)
                found[index] = found[index] ?? difference
            }
        }
        for (index, expectation) in expectations.enumerated() {
            if let mismatch = found[index] ?? missing(expectation, isThere[index]) { return mismatch }
        }
        return nil
    }

    private static func missing(_ expectation: MetricExpectation, _ isThere: Bool) -> BodyMismatch? {
        isThere || expectation.comparisons.contains(.exists(false)) ? nil : .noMetric(expectation.selector)
    }

    private static func difference(
        _ sample: MetricSample, _ expectation: MetricExpectation, _ counters: inout [String: Double]
    ) -> BodyMismatch? {
        let place = "\(MetricSelector(name: expectation.selector.name, labels: sample.labels))"
        for comparison in expectation.comparisons {
            var (value, comparisons, what) = (sample.value, [comparison], place)
            if case .increase(let bounds) = comparison {
                let before = counters.updateValue(sample.value, forKey: place)
                guard let before else { continue }
                // A counter that is smaller has begun anew, at 0.
                value = sample.value < before ? sample.value : sample.value - before
                (comparisons, what) = (bounds, "the increase of \(place)")
            }
            if let found = Comparer.difference(.scalar(.number(value)), comparisons, at: what) { return found }
        }
        return nil
    }
}

/// One line of the format: `name{label="value",…} value timestamp`.
private struct MetricSample {
    private(set) var labels: [MetricSelector.Label] = []
    let value: Double

    /// nil where the line is not a sample of the metric whose name it begins with.
    init?(_ line: ArraySlice<UInt8>, nameLength: Int) {
        var rest = line.dropFirst(nameLength)
        guard let next = rest.first, next == UInt8(ascii: "{") || MetricSample.isBlank(next) else { return nil }
        if next == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            guard MetricSample.read(&rest, into: &labels) else { return nil }
        }
        let number = rest.drop(while: MetricSample.isBlank).prefix { !MetricSample.isBlank($0) }
        guard let value = Double(String(decoding: number, as: UTF8.self)) else { return nil }
        self.value = value
    }

    func matches(_ selector: MetricSelector) -> Bool {
        selector.labels.allSatisfy { labels.contains($0) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    /// - Parameter rest: behind the opening brace, and then behind the closing one.
    private static func read(_ rest: inout ArraySlice<UInt8>, into labels: inout [MetricSelector.Label]) -> Bool {
        while true {
            rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: ",") }
            guard let first = rest.first else { return false }
            if first == UInt8(ascii: "}") {
                rest = rest.dropFirst()
                return true
            }
            let name = rest.prefix { $0 != UInt8(ascii: "=") }
            rest = rest.dropFirst(name.count + 1).drop(while: isBlank)
            guard rest.popFirst() == UInt8(ascii: "\""), let value = quoted(&rest) else { return false }
            labels.append(
                MetricSelector.Label(name: String(decoding: name.filter { !isBlank($0) }, as: UTF8.self), value: value))
        }
    }

    /// Up to the quotation mark that ends it, which is left behind.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped == UInt8(ascii: "n") ? 0x0A : escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }
}
