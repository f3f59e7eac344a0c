package import HTTPClient
import Health

/// Why Cloud Map did not do what it was asked for.
package struct CloudMapFailure: Error, Sendable, Hashable {
    /// Closed: what a caller has to tell apart.
    package enum Problem: Sendable, Hashable {
        case throttled
        /// Another operation is at work on the same instance.
        /// - Parameter operation: nil where Cloud Map does not say which.
        case duplicate(operation: String?)
        case denied
        case expired
        case clock
        case instanceNotFound
        case serviceNotFound
        case operationNotFound
        /// The service has no custom health.
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
    /// What AWS' support asks for.
    package let requestID: String?

    /// - Parameter detail: cut at its first line break. An answer to a wrong signature repeats the request behind it, session
    ///   token included.
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

    /// Reads a response that is not 200.
    package init(_ response: Response, to operation: CloudMapOperation) {
        let requestID = response.value(of: "x-amzn-RequestId")
        guard let told = JSONText.decode(Told.self, from: response.body), let type = told.type else {
            // A proxy's page, or XML.
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

    /// `com.amazonaws.servicediscovery#InstanceNotFound:http://…` without what stands before and behind the code.
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
    /// The same will be refused again, until somebody changes something.
    var isRefusal: Bool {
        switch problem {
        case .denied, .invalid, .serviceNotFound: true
        default: false
        }
    }

    /// Whether it may have been done all the same.
    var leavesDoubt: Bool {
        switch problem {
        case .unreachable, .timeout, .server: true
        default: false
        }
    }

    /// Whether it says that the service has no custom health.
    var isOfCustomHealth: Bool {
        problem == .customHealthNotFound || detail.contains(CloudMapRegistration.initialHealthKey)
    }
}

extension CloudMapFailure.Problem {
    /// nil for a code that is not known here: then the status says what it is.
    fileprivate init?(code: String, message: String) {
        switch code {
        // As botocore has them.
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
            // One code for two causes; only the words tell them apart.
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

    /// What an operation failed of.
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
