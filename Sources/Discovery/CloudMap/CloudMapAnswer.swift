package import HTTPClient

/// An answer of Cloud Map.
package enum CloudMapAnswer: Sendable, Hashable {
    /// - Parameter next: the token of the next page; nil on the last page.
    case instances([CloudMapEntry], next: String?)
    /// Registering or deregistering has begun. It is finished when the operation with this identifier is.
    case begun(operation: String)
    case instance(CloudMapEntry)
    case healthUpdated
    case operation(CloudMapProgress)

    /// - Throws: the failure that the answer reports.
    package init(_ response: Response, to call: CloudMapCall) throws(CloudMapFailure) {
        guard response.status == 200 else { throw CloudMapFailure(response, to: call.operation) }
        guard let answer = CloudMapAnswer.read(response.body, of: call.operation) else {
            throw CloudMapFailure(
                .server, of: call.operation, detail: "the answer is not one of Cloud Map's",
                requestID: response.value(of: "x-amzn-RequestId"))
        }
        self = answer
    }

    private static func read(_ body: [UInt8], of operation: CloudMapOperation) -> CloudMapAnswer? {
        // Cloud Map sends an empty body there.
        if operation == .updateHealth { return .healthUpdated }
        guard let parts = JSONText.decode(Parts.self, from: body) else { return nil }
        switch operation {
        case .listInstances:
            let next = parts.nextToken.flatMap { $0.isEmpty ? nil : $0 }
            return parts.instances.map { .instances($0, next: next) }
        case .registerInstance, .deregisterInstance: return parts.operationID.map { .begun(operation: $0) }
        case .getInstance: return parts.instance.map { .instance($0) }
        case .getOperation: return parts.operation.map { .operation($0) }
        case .updateHealth: return .healthUpdated
        }
    }

    /// The members of all answers together.
    private struct Parts: Decodable {
        let instances: [CloudMapEntry]?
        let nextToken, operationID: String?
        let instance: CloudMapEntry?
        let operation: CloudMapProgress?

        enum CodingKeys: String, CodingKey {
            case instances = "Instances"
            case nextToken = "NextToken"
            case operationID = "OperationId"
            case instance = "Instance"
            case operation = "Operation"
        }
    }
}

/// A registered instance.
package struct CloudMapEntry: Sendable, Hashable, Decodable {
    package let id: String
    package let attributes: [String: String]

    package init(id: String, attributes: [String: String]) {
        self.id = id
        self.attributes = attributes
    }

    /// nil if it has no stack: then another tool has registered it.
    package var stackID: String? {
        attributes[CloudMapRegistration.stackKey].flatMap { $0.isEmpty ? nil : $0 }
    }

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case attributes = "Attributes"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        attributes = try container.decodeIfPresent([String: String].self, forKey: .attributes) ?? [:]
    }
}

/// The progress of an operation.
package enum CloudMapProgress: Sendable, Hashable, Decodable {
    case underway
    case succeeded
    case failed(code: String, message: String)

    private enum CodingKeys: String, CodingKey {
        case status = "Status"
        case code = "ErrorCode"
        case message = "ErrorMessage"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .status) {
        case "SUCCESS": self = .succeeded
        case "FAIL":
            self = .failed(
                code: try container.decodeIfPresent(String.self, forKey: .code) ?? "",
                message: try container.decodeIfPresent(String.self, forKey: .message) ?? "")
        // SUBMITTED, PENDING, and unknown statuses.
        default: self = .underway
        }
    }
}
