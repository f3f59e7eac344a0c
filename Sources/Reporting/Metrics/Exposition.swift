import Health
import Time

/// The format of metrics: Prometheus' text format, or OpenMetrics 1.0.
package enum ExpositionFormat: CaseIterable, Sendable {
    case text, openMetrics

    /// The media type in a client's Accept field.
    package var mediaType: String {
        switch self {
        case .text: "text/plain;version=0.0.4"
        case .openMetrics: "application/openmetrics-text;version=1.0.0"
        }
    }

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Writes metrics for Prometheus, all samples of a family together. A family without samples is left out.
struct Exposition {
    enum Value: Sendable, Equatable {
        case integer(Int)
        case decimal(Double)

        init(_ isTrue: Bool) {
            self = .integer(isTrue ? 1 : 0)
        }

        init(_ duration: Duration) {
            self = .decimal(duration.seconds)
        }

        /// In seconds.
        init(_ timestamp: Timestamp) {
            self = .decimal(Double(timestamp.milliseconds) / 1000)
        }
    }

    typealias Sample = (labels: Labels, value: Value)

    private let format: ExpositionFormat
    private var bytes: [UInt8] = []

    init(_ format: ExpositionFormat) {
        self.format = format
    }

    /// The whole text. OpenMetrics requires a last line, so that a reader notices missing ones.
    consuming func finish() -> [UInt8] {
        if format == .openMetrics { append("# EOF\n") }
        return bytes
    }

    /// Writes a family of one sample without labels; nothing if the value is unknown.
    mutating func write(_ metric: Metric, _ value: Value?) {
        if let value { write(metric, [(labels: .none, value: value)]) }
    }

    mutating func write(_ metric: Metric, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        writeHead(metric)
        for sample in samples {
            append(metric.rawValue)
            append(sample.labels)
            append(sample.value)
        }
    }

    mutating func write(_ metric: Metric, _ histograms: [(labels: Labels, histogram: DurationHistogram)]) {
        guard !histograms.isEmpty else { return }
        writeHead(metric)
        for (labels, histogram) in histograms {
            var count = 0
            for bucket in histogram.buckets {
                count += bucket.count
                append(metric.rawValue)
                append("_bucket")
                append(labels, le: bucket.bound.map { "\($0.seconds)" } ?? "+Inf")
                append(.integer(count))
            }
            append(metric.rawValue)
            append("_sum")
            append(labels)
            append(Value(histogram.sum))
            append(metric.rawValue)
            append("_count")
            append(labels)
            append(.integer(count))
        }
    }

    private mutating func writeHead(_ metric: Metric) {
        switch format {
        case .text:
            append("# HELP \(metric.rawValue) \(metric.help)\n")
            append("# TYPE \(metric.rawValue) \(metric.kind == .info ? .gauge : metric.kind)\n")
        case .openMetrics:
            append("# TYPE \(metric.family) \(metric.kind)\n")
            if let unit = metric.unit { append("# UNIT \(metric.family) \(unit)\n") }
            append("# HELP \(metric.family) \(metric.help)\n")
        }
    }

    private mutating func append(_ labels: Labels) {
        guard !labels.bytes.isEmpty else { return }
        append("{")
        bytes.append(contentsOf: labels.bytes)
        append("}")
    }

    private mutating func append(_ labels: Labels, le bound: String) {
        append("{")
        bytes.append(contentsOf: labels.bytes)
        append(labels.bytes.isEmpty ? "le=\"" : ",le=\"")
        append(bound)
        append("\"}")
    }

    private mutating func append(_ value: Value) {
        append(" ")
        switch value {
        case .integer(let value): append("\(value)")
        case .decimal(let value): append("\(value)")
        }
        append("\n")
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}
