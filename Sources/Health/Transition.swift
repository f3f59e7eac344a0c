/// Something is not as it was before, or is known for the first time: what the log tells.
package enum Transition: Sendable, Equatable {
    /// - Parameter previousLasted: how long it had been as before; nil where nothing was known before.
    case service(ServiceReport, previousLasted: Duration?)
    /// One of a service's instances.
    case instance(TargetReport, of: String, previousLasted: Duration?)
    /// All services together.
    case node(Report, previousLasted: Duration?)
    /// Checks in the background did not end for longer than a report may be old, and now one has.
    case resumed(after: Duration)
}
