import HTTPTypes
import Health
import Reporting

/// A request for a report: which report, and how to write it.
struct Question: Hashable, Sendable {
    let selection: Selection
    let format: Format
    let detail: Detail
    /// Of the configuration that was in force when the request came, as is the runbook.
    let statuses: Statuses
    let runbook: String?
    /// Faults of the request that do not prevent an answer.
    let warnings: [String]
}

/// The status codes of responses that report an unhealthy or a degraded node.
package struct Statuses: Hashable, Sendable {
    let unhealthy: HTTPResponse.Status
    let degraded: HTTPResponse.Status

    package init(unhealthy: Int, degraded: Int = 200) {
        self.unhealthy = HTTPResponse.Status(code: unhealthy)
        self.degraded = HTTPResponse.Status(code: degraded)
    }
}

/// The program and the machine, as reports name them.
package struct Origin: Sendable {
    let version: String
    let node: String

    package init(version: String, node: String) {
        self.version = version
        self.node = node
    }
}
