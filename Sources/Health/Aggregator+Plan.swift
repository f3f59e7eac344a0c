extension Aggregator {
    /// What is checked, and how answers come about.
    package struct Plan: Sendable {
        /// In the order in which they are shown.
        package let services: [Service]
        /// For a whole check; a probe whose own timeout is longer is cut short by it.
        package let deadline: Duration
        package let freshness: Freshness

        package init(services: [Service], deadline: Duration, freshness: Freshness) {
            self.services = services
            self.deadline = deadline
            self.freshness = freshness
        }
    }

    package enum Freshness: Sendable, Equatable {
        /// A request makes a check, unless one began no longer than `maxAge` ago; zero: always.
        case onDemand(maxAge: Duration)
        /// Somebody calls `check` again and again, and requests are answered from memory; what began longer than
        /// `staleAfter` ago is unhealthy.
        case background(staleAfter: Duration)
    }

    /// A report, with a number that differs from every other report's: whoever encodes it need do so only once.
    package struct Numbered: Sendable {
        package let number: Int
        package let report: Report
    }

    package typealias Answer = @Sendable (Numbered) -> Void
}
