extension Aggregator {
    /// The services to check, and the freshness of answers.
    package struct Plan: Sendable {
        /// In display order.
        package let services: [Service]
        /// For a whole check; it cuts a probe with a longer timeout short.
        package let deadline: Duration
        package let freshness: Freshness

        package init(services: [Service], deadline: Duration, freshness: Freshness) {
            self.services = services
            self.deadline = deadline
            self.freshness = freshness
        }
    }

    package enum Freshness: Sendable, Equatable {
        /// A request makes a check, unless the last one began at most `maxAge` ago. Zero: always.
        case onDemand(maxAge: Duration)
        /// Checks are made at an interval, and requests are answered from memory. A report from a check that began
        /// longer than `staleAfter` ago is unhealthy.
        case background(staleAfter: Duration)

        /// Whether a report may answer requests that come after its check.
        var allowsMemory: Bool { self != .onDemand(maxAge: .zero) }
    }

    /// A report with a number that no other report has, so that its encoded form can be reused.
    package struct Numbered: Sendable {
        package let number: Int
        package let report: Report
    }

    package typealias Answer = @Sendable (Numbered) -> Void
}
