package import HTTPClient

/// A request to AWS Cloud Map, as a value.
package enum CloudMapCall: Sendable, Hashable {
    /// - Parameter page: the token from the previous page; nil for the first page.
    case listInstances(service: String, page: String?)
    /// - Parameter request: the same for each try of one registration, so that Cloud Map does not register it twice.
    case registerInstance(CloudMapRegistration, initially: CloudMapHealth?, request: String)
    case deregisterInstance(service: String, instance: String)
    case getInstance(service: String, instance: String)
    case updateHealth(service: String, instance: String, CloudMapHealth)
    case getOperation(String)

    package var operation: CloudMapOperation {
        switch self {
        case .listInstances: .listInstances
        case .registerInstance: .registerInstance
        case .deregisterInstance: .deregisterInstance
        case .getInstance: .getInstance
        case .updateHealth: .updateHealth
        case .getOperation: .getOperation
        }
    }

    /// Makes the request without its signature.
    /// - Parameter endpoint: of Cloud Map, with "/" or a path before it.
    package func request(to endpoint: URL) -> Request {
        let fields = [
            Field(name: "Content-Type", value: "application/x-amz-json-1.1"),
            Field(name: "X-Amz-Target", value: "Route53AutoNaming_v20170314.\(operation.rawValue)"),
        ]
        return Request(
            endpoint, method: .post, fields: fields, content: content, reusesConnection: true,
            // A page has up to 100 instances, each with up to 5,000 characters of attributes.
            reading: Request.Reading(limit: 2 << 20, .whole(kept: .max), keepsFields: true))
    }

    private var content: [UInt8] {
        var parts = Parts()
        switch self {
        case .listInstances(let service, let page):
            (parts.serviceID, parts.nextToken, parts.maxResults) = (service, page, 100)
        case .registerInstance(let registration, let health, let request):
            (parts.serviceID, parts.instanceID) = (registration.serviceID, registration.instanceID)
            (parts.attributes, parts.creatorRequestID) = (registration.attributes(initially: health), request)
        case .deregisterInstance(let service, let instance), .getInstance(let service, let instance):
            (parts.serviceID, parts.instanceID) = (service, instance)
        case .updateHealth(let service, let instance, let health):
            (parts.serviceID, parts.instanceID, parts.status) = (service, instance, health.rawValue)
        case .getOperation(let id):
            parts.operationID = id
        }
        return JSONText.encode(parts)
    }

    /// The members of all operations together; those that a call does not use are left out.
    private struct Parts: Encodable {
        var serviceID, instanceID, nextToken, creatorRequestID, status, operationID: String?
        var maxResults: Int?
        var attributes: [String: String]?

        enum CodingKeys: String, CodingKey {
            case serviceID = "ServiceId"
            case instanceID = "InstanceId"
            case nextToken = "NextToken"
            case creatorRequestID = "CreatorRequestId"
            case status = "Status"
            case operationID = "OperationId"
            case maxResults = "MaxResults"
            case attributes = "Attributes"
        }
    }
}

/// An operation of Cloud Map's API, by the name that IAM policies use.
package enum CloudMapOperation: String, Sendable, CaseIterable {
    case listInstances = "ListInstances"
    case registerInstance = "RegisterInstance"
    case deregisterInstance = "DeregisterInstance"
    case getInstance = "GetInstance"
    case updateHealth = "UpdateInstanceCustomHealthStatus"
    case getOperation = "GetOperation"
}

/// The health of an instance in Cloud Map.
package enum CloudMapHealth: String, Sendable, CaseIterable {
    case healthy = "HEALTHY"
    case unhealthy = "UNHEALTHY"
}
