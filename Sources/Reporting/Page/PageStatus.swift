import Health

/// How the page as a whole looks, and each thing on it.
enum PageStatus: String, CaseIterable {
    case healthy, degraded, unhealthy
    /// Unhealthy as somebody wished, while it drains or is under maintenance: no disaster.
    case draining
    /// healthz does not answer any more; the page's script says so.
    case lost

    init(_ status: HealthStatus) {
        switch status {
        case .healthy: self = .healthy
        case .degraded: self = .degraded
        case .unhealthy: self = .unhealthy
        }
    }

    init(_ report: Report) {
        self = [.draining, .maintenance].contains(report.cause) ? .draining : PageStatus(report.status)
    }
}
