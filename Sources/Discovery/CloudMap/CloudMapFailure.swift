package import HTTPClient
import Health

/// Why a call to Cloud Map has failed.
package struct CloudMapFailure: Error, Sendable, Hashable {
    /// The set is closed: the cases that a caller distinguishes.
    package enum Problem: Sendable, Hashable {
        case throttled
        /// Another operation on the same instance is running.
        /// - Parameter operation: nil if Cloud Map does not name it.
        case duplicate(operation: String?)
        case denied
        case expired
        case clock
        case instanceNotFound
        case serviceNotFound
        case operationNotFound
        /// The service has no custom health check.
        case customHealthNotFound
        case unreachable
        case timeout
        case server
        case invalid
    }

    package let problem: Problem
    package let operation: CloudMapOperation
    /// In one line, without secrets.
    package let detail: String
    /// The identifier for AWS support.
    package let requestID: String?

    /// - Parameter detail: cut at its first line break. An answer to a wrong signature repeats the request after it,
    ///   including the session token.
    package init(
        _ problem: Problem, of operation: CloudMapOperation, detail: String, requestID: String? = nil
    ) {
        self.problem = problem
        self.operation = operation
        self.detail = Printable.firstLine(of: detail, limit: 300)
        self.requestID = requestID.map { Printable.escape($0, limit: 100) }
    }

    package init(_ failure: TransferFailure, of operation: CloudMapOperation) {
        let problem: Problem =
            switch RegistryCause(failure) {
            case .timeout: .timeout
            case .server: .server
            default: .unreachable
            }
        self.init(problem, of: operation, detail: "\(failure)")
    }

    /// Reads a response with another status than 200.
    package init(_ response: Response, to operation: CloudMapOperation) {
        let requestID = response.value(of: "x-amzn-RequestId")
        guard let told = JSONText.decode(Told.self, from: response.body), let type = told.type else {
            // Not from Cloud Map: the page of a proxy, or XML.
            let problem = Problem(status: response.status)
            self.init(problem, of: operation, detail: "status \(response.status)", requestID: requestID)
            return
        }
        let code = CloudMapFailure.code(type)
        let message = told.message ?? told.lowerMessage ?? ""
        let problem =
            code == "DuplicateRequest"
            ? .duplicate(operation: told.duplicate)
            : Problem(code: code, message: message) ?? Problem(status: response.status)
        let detail = message.isEmpty ? code : "\(code): \(message)"
        self.init(problem, of: operation, detail: detail, requestID: requestID)
    }

    /// `com.amazonaws.servicediscovery#InstanceNotFound:http://…` without the parts before and after the code.
    static func code(_ type: String) -> String {
        let start = type.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return String(start.split(separator: "#", omittingEmptySubsequences: false).last ?? start)
    }

    private struct Told: Decodable {
        let type, message, lowerMessage, duplicate: String?

        enum CodingKeys: String, CodingKey {
            case type = "__type"
            case message = "Message"
            case lowerMessage = "message"
            case duplicate = "DuplicateOperationId"
        }
    }
}

extension CloudMapFailure: CustomStringConvertible {
    /// Such as `RegisterInstance: AccessDeniedException: … (request 1234)`.
    package var description: String {
        "\(operation.rawValue): \(detail)" + (requestID.map { " (request \($0))" } ?? "")
    }

    package var cause: RegistryCause {
        switch problem {
        case .throttled, .duplicate: .throttled
        case .denied: .denied
        case .expired: .expired
        case .clock: .clock
        case .instanceNotFound, .serviceNotFound, .operationNotFound, .customHealthNotFound: .notFound
        case .unreachable: .unreachable
        case .timeout: .timeout
        case .server: .server
        case .invalid: .invalid
        }
    }
}

extension CloudMapFailure {
    /// The same call will be refused again until somebody changes something.
    var isRefusal: Bool {
        switch problem {
        case .denied, .invalid, .serviceNotFound: true
        default: false
        }
    }

    /// Whether the call may have had its effect nevertheless.
    var leavesDoubt: Bool {
        switch problem {
        case .unreachable, .timeout, .server: true
        default: false
        }
    }

    /// Whether the failure says that the service has no custom health check.
    var isOfCustomHealth: Bool {
        problem == .customHealthNotFound || detail.contains(CloudMapRegistration.initialHealthKey)
    }
}

extension CloudMapFailure.Problem {
    /// nil for an unknown code: then the status decides.
    fileprivate init?(code: String, message: String) {
        switch code {
        // The codes of botocore.
        case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "SlowDown",
            "TooManyRequestsException", "TransactionInProgressException", "RequestLimitExceeded",
            "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "PriorRequestNotComplete",
            "ResourceInUse":
            self = .throttled
        case "AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId",
            "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
            "MissingAuthenticationTokenException", "SignatureDoesNotMatch", "NotAuthorized", "OptInRequired":
            self = .denied
        case "ExpiredToken", "ExpiredTokenException": self = .expired
        case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture": self = .clock
        case "InvalidSignatureException":
            // One code for two causes; only the message distinguishes them.
            let isOfTime = message.contains("Signature expired") || message.contains("not yet current")
            self = isOfTime ? .clock : .denied
        case "InstanceNotFound": self = .instanceNotFound
        case "ServiceNotFound": self = .serviceNotFound
        case "OperationNotFound": self = .operationNotFound
        case "CustomHealthNotFound": self = .customHealthNotFound
        case "InvalidInput", "ResourceLimitExceeded", "ValidationException", "SerializationException": self = .invalid
        default: return nil
        }
    }

    fileprivate init(status: Int) {
        self =
            switch status {
            case 401, 403, 407: .denied
            case 408: .timeout
            case 429: .throttled
            case 500...: .server
            default: .invalid
            }
    }

    /// The problem of a failed operation.
    /// - Parameter code: GetOperation's ErrorCode.
    package init(operationError code: String) {
        self =
            switch code {
            case "ACCESS_DENIED": .denied
            case "EXPIRED_TOKEN": .expired
            case "THROTTLED_REQUEST": .throttled
            case "HOSTED_ZONE_NOT_FOUND", "CANNOT_CREATE_HOSTED_ZONE", "INVALID_CHANGE_BATCH": .invalid
            default: .server
            }
    }
}
