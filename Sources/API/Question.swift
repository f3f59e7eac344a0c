import HTTPTypes
import Health
import Reporting

/// Which report is asked for, and how it is to be written.
struct Question: Hashable, Sendable {
    let selection: Selection
    let format: Format
    let detail: Detail
    /// The status for an unhealthy report: that of the configuration under which the question was asked.
    let unhealthy: HTTPResponse.Status
    /// The same for a degraded one.
    let degraded: HTTPResponse.Status
    /// Of that configuration, too.
    let runbook: String?
    /// What is wrong with the request, though it can be answered.
    let warnings: [String]
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
