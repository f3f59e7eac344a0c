/// Which instances of other stacks a node takes out of the service when it has registered, and when it does not.
package struct SweepPolicy: Sendable, Equatable {
    /// How many of the own stack have to be registered before others go.
    package enum Minimum: Sendable, Equatable {
        case count(Int)
        /// Of those that would go.
        case percent(Int)

        /// Reads `3` or `50%`.
        package init?(_ text: String) {
            let isPercent = text.hasSuffix("%")
            let digits = isPercent ? text.dropLast() : text[...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), number <= 100_000
            else { return nil }
            self = isPercent ? .percent(number) : .count(number)
        }

        /// At least one: the own node.
        func needed(toSweep count: Int) -> Int {
            switch self {
            case .count(let number): max(1, number)
            case .percent(let number): max(1, (count * number + 99) / 100)
            }
        }
    }

    package var isOn = true
    package var minimum = Minimum.percent(50)
    /// Stacks that stay beside the own one.
    package var keep: Set<String> = []

    package init() {}
}

/// What a sweep will do, from the list of all instances.
package enum SweepPlan: Sendable, Equatable {
    case off
    /// Without a stack, every instance would be another stack's.
    case noStack
    case nothing
    /// Fewer of the own stack are there than have to be.
    case tooFew(own: Int, needed: Int, others: Int)
    /// The identifiers of those that go, sorted.
    case sweep([String])

    /// - Parameter registration: the own one. Its instance counts as registered, and never goes.
    package init(_ entries: [CloudMapEntry], own registration: CloudMapRegistration, _ policy: SweepPolicy) {
        guard policy.isOn else {
            self = .off
            return
        }
        guard let stack = registration.stackID else {
            self = .noStack
            return
        }
        var own: Set = [registration.instanceID]
        var others: Set<String> = []
        for entry in entries where entry.id != registration.instanceID {
            // Without a stack it is another tool's.
            guard let its = entry.stackID else { continue }
            if its == stack {
                own.insert(entry.id)
            } else if !policy.keep.contains(its) {
                others.insert(entry.id)
            }
        }
        let needed = policy.minimum.needed(toSweep: others.count)
        if others.isEmpty {
            self = .nothing
        } else if own.count < needed {
            self = .tooFew(own: own.count, needed: needed, others: others.count)
        } else {
            self = .sweep(others.sorted())
        }
    }
}
