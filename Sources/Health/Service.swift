/// A named service: one target, or several instances.
package struct Service: Sendable, Equatable {
    /// The name in URLs and answers, such as `loki`.
    package let name: String
    /// At least one.
    package private(set) var instances: [Instance]
    /// Whether it was configured as instances, and is shown so, even if there is only one.
    package let isGroup: Bool
    /// How many places must be usable; at least 1.
    package let required: Int
    /// Whether its failure makes the node unhealthy; otherwise degraded.
    package let isCritical: Bool
    package private(set) var notes = ServiceNotes()
    /// The number of each instance's place, in the order of the instances.
    private let places: [Int]
    private let placeCount: Int

    /// A target with the name that distinguishes it within the service.
    package struct Instance: Sendable, Equatable {
        package let name: String
        package let target: Target
        /// The place of a check: the server that it checks. A place is usable if all its critical checks are.
        package let place: String
        /// Whether its failure makes its place unusable; otherwise the service is degraded.
        package let isCritical: Bool

        /// - Parameter place: nil if each place has one check.
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
        (places, placeCount) = Service.places(of: instances)
        isGroup = true
        self.required = required
        self.isCritical = isCritical
    }

    /// A service with one target.
    package init(name: String, target: Target, isCritical: Bool = true) {
        self.name = name
        instances = [Instance(name: name, target: target)]
        (places, placeCount) = ([0], 1)
        isGroup = false
        required = 1
        self.isCritical = isCritical
    }

    package var targets: [Target] { instances.map(\.target) }

    private static func places(of instances: [Instance]) -> ([Int], count: Int) {
        var numbers: [String: Int] = [:]
        let places = instances.map { instance in
            let number = numbers[instance.place] ?? numbers.count
            numbers[instance.place] = number
            return number
        }
        return (places, numbers.count)
    }

    /// The smallest number of healthy instances.
    package var requiredInstances: Int {
        required * instances.count { $0.isCritical } / max(1, placeCount)
    }

    /// The number of usable places, given the usable instances.
    func usablePlaces(_ isUsable: (Int) -> Bool) -> Int {
        var isBroken = Array(repeating: false, count: placeCount)
        for index in instances.indices where instances[index].isCritical && !isUsable(index) {
            isBroken[places[index]] = true
        }
        return isBroken.count { !$0 }
    }

    package func with(_ notes: ServiceNotes) -> Service {
        var copy = self
        copy.notes = notes
        return copy
    }

    /// The same service without rise and fall.
    package var decidedByEachResult: Service {
        var copy = self
        copy.instances = instances.map {
            Instance(name: $0.name, target: $0.target.with(.once), place: $0.place, isCritical: $0.isCritical)
        }
        return copy
    }
}
