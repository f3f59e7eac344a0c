/// Decides which instances of other stacks a node removes after its registration.
package struct SweepPolicy: Sendable, Equatable {
    /// How many instances of the own stack must be registered before others are removed.
    package enum Minimum: Sendable, Equatable {
        case count(Int)
        /// A share of the instances that would be removed.
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
    /// Stacks that stay in addition to the own one.
    package var keep: Set<String> = []

    package init() {}
}

/// The plan of a sweep, from the list of all instances.
package enum SweepPlan: Sendable, Equatable {
    case off
    /// Without a stack, every instance would be of another stack.
    case noStack
    case nothing
    /// Too few instances of the own stack are registered.
    case tooFew(own: Int, needed: Int, others: Int)
    /// The identifiers of the instances to remove, sorted.
    case sweep([String])

    /// - Parameter registration: the own one. Its instance counts as registered, and is never removed.
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
            // An instance without a stack is another tool's.
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
