/// What stands in answers under one name: one target, or several instances of the same.
package struct Service: Sendable, Equatable {
    /// As it stands in URLs and answers, such as `loki`.
    package let name: String
    /// At least one.
    package private(set) var instances: [Instance]
    /// Configured as instances, and shown as such, even if there is only one.
    package let isGroup: Bool
    /// How many places must be usable: from 1 to their number.
    package let required: Int
    /// Whether its failure makes the whole unhealthy; else it makes it degraded.
    package let isCritical: Bool
    package private(set) var notes = ServiceNotes()

    /// A target under the name by which it is told from the service's others.
    package struct Instance: Sendable, Equatable {
        package let name: String
        package let target: Target
        /// What several checks have in common: the server that they are about. A place is usable if all its critical checks
        /// are.
        package let place: String
        /// Whether its failure makes its place unusable; else the service is degraded.
        package let isCritical: Bool

        /// - Parameter place: nil where there is one check for a place.
        package init(name: String, target: Target, place: String? = nil, isCritical: Bool = true) {
            self.name = name
            self.target = target
            self.place = place ?? name
            self.isCritical = isCritical
        }
    }

    package init(name: String, instances: [Instance], required: Int, isCritical: Bool = true) {
        self.name = name
        self.instances = instances
        isGroup = true
        self.required = required
        self.isCritical = isCritical
    }

    /// One target alone.
    package init(name: String, target: Target, isCritical: Bool = true) {
        self.name = name
        instances = [Instance(name: name, target: target)]
        isGroup = false
        required = 1
        self.isCritical = isCritical
    }

    package var targets: [Target] { instances.map(\.target) }

    /// How many instances must be healthy at least.
    package var requiredInstances: Int {
        let places = Set(instances.map(\.place)).count
        return required * instances.count { $0.isCritical } / max(1, places)
    }

    /// How many places are usable by the instances of them that are.
    func usablePlaces(_ isUsable: (Int) -> Bool) -> Int {
        var broken: Set<String> = []
        for (index, instance) in instances.enumerated() where instance.isCritical && !isUsable(index) {
            broken.insert(instance.place)
        }
        return Set(instances.map(\.place)).subtracting(broken).count
    }

    package func with(_ notes: ServiceNotes) -> Service {
        var copy = self
        copy.notes = notes
        return copy
    }

    /// The same without rise and fall.
    package var decidedByEachResult: Service {
        var copy = self
        copy.instances = instances.map {
            Instance(name: $0.name, target: $0.target.with(.once), place: $0.place, isCritical: $0.isCritical)
        }
        return copy
    }
}
