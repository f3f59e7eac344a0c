package import HTTPClient

/// The time limit of a probe, and the setting that it comes from. It is decided at the start of the probe.
package struct ProbeLimit: Sendable, Hashable {
    package enum Setting: Sendable, Hashable {
        /// The target's own timeout.
        case timeout
        /// The deadline of the whole check, if it is shorter.
        case deadline
    }

    package let duration: Duration
    package let setting: Setting

    package init(timeout: Duration, deadline: Duration) {
        duration = min(timeout, deadline)
        setting = deadline < timeout ? .deadline : .timeout
    }

    /// For a probe outside a check.
    package init(timeout: Duration) {
        duration = timeout
        setting = .timeout
    }

    /// The reason for a transfer that failed within this limit.
    package func reason(for failure: TransferFailure) -> Reason {
        switch failure {
        case .connectTimeout, .timeout: outOfTime(.transfer(failure))
        default: .transfer(failure)
        }
    }

    /// The reason for a response that was still being judged at the end of the limit.
    package var reasonForMatching: Reason { outOfTime(.matching(limit: duration)) }

    private func outOfTime(_ reason: Reason) -> Reason {
        switch setting {
        case .timeout: reason
        case .deadline: .deadline(limit: duration)
        }
    }
}
