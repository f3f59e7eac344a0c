/// A service's status has changed, or is known for the first time: what the log tells.
package struct Transition: Sendable, Hashable {
    /// What is known now.
    package let service: ServiceReport
    /// How long the status before it had lasted; nil where this is the first observation.
    package let previousLasted: Duration?

    package init(service: ServiceReport, previousLasted: Duration?) {
        self.service = service
        self.previousLasted = previousLasted
    }
}
