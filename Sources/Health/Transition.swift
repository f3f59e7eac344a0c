/// Something is not as it was before, or is known for the first time: what the log tells.
package enum Transition: Sendable, Equatable {
    /// - Parameter previousLasted: how long it had been as before; nil where nothing was known before.
    case service(ServiceReport, previousLasted: Duration?)
    /// One of a service's instances.
    case instance(TargetReport, of: String, previousLasted: Duration?)
}
