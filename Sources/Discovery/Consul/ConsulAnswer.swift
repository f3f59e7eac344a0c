package import HTTPClient
import Health

/// An answer of Consul's agent.
package enum ConsulAnswer: Sendable, Hashable {
    case done
    /// The service is registered, with the status of all its checks together.
    case known(ConsulStatus)

    /// - Parameter token: must not be in a message.
    /// - Throws: the failure that the answer reports.
    package init(_ response: Response, to call: ConsulCall, hiding token: Secret? = nil) throws(ConsulFailure) {
        switch (call.operation, response.status) {
        case (.look, 200): self = .known(.passing)
        case (.look, 429): self = .known(.warning)
        case (.look, 503): self = .known(.critical)
        case (_, 200): self = .done
        default: throw ConsulFailure(response, to: call.operation, hiding: token)
        }
    }
}

/// Why a call to Consul's agent has failed.
package struct ConsulFailure: Error, Sendable, Hashable {
    /// The set is closed: the cases that a caller distinguishes.
    package enum Problem: Sendable, Hashable {
        case throttled, denied
        /// The agent does not have that check or service: it has lost its state, or has deregistered it.
        case unknown
        case unreachable, timeout, server, invalid
    }

    package let problem: Problem
    package let operation: ConsulOperation
    /// In one line, without secrets.
    package let detail: String

    package init(_ problem: Problem, of operation: ConsulOperation, detail: String) {
        (self.problem, self.operation) = (problem, operation)
        self.detail = Printable.firstLine(of: detail, limit: 300)
    }

    package init(_ failure: TransferFailure, of operation: ConsulOperation) {
        let problem: Problem =
            switch RegistryCause(failure) {
            case .timeout: .timeout
            case .server: .server
            default: .unreachable
            }
        self.init(problem, of: operation, detail: "\(failure)")
    }

    /// Reads a response with another status than 200. The agent's errors are text.
    init(_ response: Response, to operation: ConsulOperation, hiding token: Secret?) {
        var text = String(decoding: response.body, as: UTF8.self)
        if let token, !token.text.isEmpty { text = text.replacing(token.text, with: "\(token)") }
        let problem = Problem(status: response.status, text, of: operation)
        self.init(problem, of: operation, detail: "status \(response.status): \(text)")
    }
}

extension ConsulFailure: CustomStringConvertible {
    package var description: String { "\(operation.rawValue): \(detail)" }

    package var cause: RegistryCause {
        switch problem {
        case .throttled: .throttled
        case .denied: .denied
        case .unknown: .notFound
        case .unreachable: .unreachable
        case .timeout: .timeout
        case .server: .server
        case .invalid: .invalid
        }
    }

    /// The same call will be refused again until somebody changes something.
    var isRefusal: Bool { problem == .denied || problem == .invalid }
}

extension ConsulFailure.Problem {
    fileprivate init(status: Int, _ text: String, of operation: ConsulOperation) {
        // 500 before version 1.12, and 404 since then.
        let isUnknown = text.contains("Unknown check") || text.contains("does not have associated TTL")
        switch status {
        case 401, 403: self = .denied
        // Forwarded from a server.
        case 500 where text.contains("ACL not found") || text.contains("Permission denied"): self = .denied
        case 404 where operation == .look && !text.contains("page not found"): self = .unknown
        case 404, 500: self = isUnknown ? .unknown : status == 404 ? .invalid : .server
        case 408: self = .timeout
        case 429: self = .throttled
        case 501...: self = .server
        default: self = .invalid
        }
    }
}
