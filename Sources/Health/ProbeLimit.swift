package import HTTPClient

/// How long a probe may take in all, and which setting says so. It is decided where the probe is begun.
package struct ProbeLimit: Sendable, Hashable {
    package enum Setting: Sendable, Hashable {
        /// The target's own.
        case timeout
        /// That of the whole check, where it is shorter.
        case deadline
    }

    package let duration: Duration
    package let setting: Setting

    package init(timeout: Duration, deadline: Duration) {
        duration = min(timeout, deadline)
        setting = deadline < timeout ? .deadline : .timeout
    }

    /// For a probe that belongs to no check.
    package init(timeout: Duration) {
        duration = timeout
        setting = .timeout
    }

    /// Why a probe has failed whose transfer failed within this limit.
    package func reason(for failure: TransferFailure) -> Reason {
        switch failure {
        case .connectTimeout, .timeout: outOfTime(.transfer(failure))
        default: .transfer(failure)
        }
    }

    /// Why a probe has failed whose response was still being judged when the limit was over.
    package var reasonForMatching: Reason { outOfTime(.matching(limit: duration)) }

    private func outOfTime(_ reason: Reason) -> Reason {
        switch setting {
        case .timeout: reason
        case .deadline: .deadline(limit: duration)
        }
    }
}
