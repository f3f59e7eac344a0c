/// A histogram of durations with fixed buckets.
package struct DurationHistogram: Sendable {
    /// From the time of a probe on a node to the longest timeout that a balancer allows.
    package static let bounds: [Duration] = [
        .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10), .milliseconds(25),
        .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2),
    ]

    /// One bucket for each bound, and one for larger durations.
    private var counts = InlineArray<12, Int>(repeating: 0)
    package private(set) var sum: Duration = .zero

    package init() {}

    package mutating func record(_ duration: Duration) {
        counts[DurationHistogram.bounds.firstIndex { duration <= $0 } ?? counts.count - 1] += 1
        sum += duration
    }

    /// The count of each bucket, in order; the last bucket has no bound.
    package var buckets: [(bound: Duration?, count: Int)] {
        DurationHistogram.bounds.enumerated().map { ($1, counts[$0]) } + [(nil, counts[counts.count - 1])]
    }
}
