/// A change of state, or a first state: the log reports it.
package enum Transition: Sendable, Equatable {
    /// - Parameter previousLasted: the duration of the former state; nil if there was none.
    case service(ServiceReport, previousLasted: Duration?)
    /// Of one instance of a service.
    case instance(TargetReport, of: String, previousLasted: Duration?)
    /// Of all services together.
    case node(Report, previousLasted: Duration?)
    /// Checks at an interval were stuck for longer than `stale_after`, and one has ended now.
    case resumed(after: Duration)
}
