package import Time

package enum HealthStatus: String, Sendable, CaseIterable {
    case healthy
    /// Something is wrong, but the node can be used.
    case degraded
    case unhealthy
}

/// The health of the node: a verdict with its evidence.
package struct Report: Sendable, Equatable {
    /// Why the node is unhealthy independently of single services.
    package enum Cause: String, Sendable, CaseIterable, CustomStringConvertible {
        /// The process is about to end.
        case draining
        /// The request excluded every service, so the health is unknown.
        case nothingChecked = "nothing_checked"
        /// The last check at an interval is too old, so the health is unknown.
        case stale
        /// The node was taken out of service by a file.
        case maintenance

        package var description: String {
            switch self {
            case .draining: "healthz is shutting down"
            case .nothingChecked: "every service was excluded, so nothing was checked"
            case .maintenance: "the node is under maintenance"
            case .stale: "the last check is too old: healthz or the machine stood still"
            }
        }
    }

    /// When the check began.
    package let checkedAt: Timestamp
    /// From the start of the check to its end.
    package let duration: Duration
    package let cause: Cause?
    /// A person's note about the cause; may be empty.
    package private(set) var note = ""
    /// In the order of the configuration.
    package let services: [ServiceReport]

    package init(checkedAt: Timestamp, duration: Duration, cause: Cause? = nil, services: [ServiceReport]) {
        self.checkedAt = checkedAt
        self.duration = duration
        self.cause = cause
        self.services = services
    }

    package func with(note: String) -> Report {
        var copy = self
        copy.note = note
        return copy
    }

    /// The cause, for people.
    /// - Parameter withNote: for clients that may see details.
    package func message(withNote: Bool) -> String? {
        cause.map { withNote && !note.isEmpty ? "\($0.description): \(note)" : $0.description }
    }

    package var status: HealthStatus {
        if cause != nil || services.isEmpty || services.contains(where: { $0.status == .unhealthy }) {
            return .unhealthy
        }
        return services.allSatisfy { $0.status == .healthy } ? .healthy : .degraded
    }

    /// The report on these services only.
    /// - Parameter cause: why it is unhealthy independently of the services.
    package func narrowed(to selection: Selection, cause: Cause? = nil) -> Report {
        var chosen = services.filter { selection.includes($0.name) }
        if case .only = selection { chosen = chosen.map { $0.askedAlone() } }
        return Report(
            checkedAt: checkedAt, duration: duration, cause: cause ?? (chosen.isEmpty ? .nothingChecked : nil),
            services: chosen)
    }
}
