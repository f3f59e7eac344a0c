import Foundation

/// What the operations do.
extension CloudMapStandIn {
    static let service = "srv-abc"

    private static let members: [String: Set<String>] = [
        "ListInstances": ["ServiceId", "MaxResults", "NextToken"],
        "RegisterInstance": ["ServiceId", "InstanceId", "CreatorRequestId", "Attributes"],
        "DeregisterInstance": ["ServiceId", "InstanceId"], "GetInstance": ["ServiceId", "InstanceId"],
        "GetOperation": ["OperationId"], "UpdateInstanceCustomHealthStatus": ["ServiceId", "InstanceId", "Status"],
    ]

    static func perform(_ operation: String, _ members: [String: Any], _ state: inout State) throws -> [String: Any] {
        guard let known = self.members[operation], Set(members.keys).isSubset(of: known) else {
            throw Refusal(status: 400, type: "UnknownOperationException", message: "\(operation) \(members)")
        }
        if operation == "GetOperation" { return try poll(members["OperationId"] as? String ?? "", &state) }
        guard members["ServiceId"] as? String == service else {
            throw Refusal(status: 400, type: "ServiceNotFound", message: "no such service")
        }
        if operation == "ListInstances" {
            // As time passes, what was begun comes to its end, whether somebody asks for it or not.
            for key in state.operations.filter({ $0.value.attributes == nil }).keys { _ = try poll(key, &state) }
            return try list(members, state)
        }
        let id = members["InstanceId"] as? String ?? ""
        guard id.range(of: "^[0-9a-zA-Z_/:.@-]{1,64}$", options: .regularExpression) != nil else {
            throw invalid("InstanceId \(id)")
        }
        if operation == "RegisterInstance" { return try register(id, members, &state) }
        guard let attributes = state.instances[id] else {
            throw Refusal(status: 400, type: "InstanceNotFound", message: "no instance \(id)")
        }
        switch operation {
        case "GetInstance": return ["Instance": ["Id": id, "Attributes": attributes]]
        case "DeregisterInstance": return try begin(id, request: nil, attributes: nil, &state)
        default:
            guard state.hasCustomHealth else {
                throw Refusal(status: 400, type: "CustomHealthNotFound", message: "no custom health")
            }
            guard let status = members["Status"] as? String, ["HEALTHY", "UNHEALTHY"].contains(status) else {
                throw invalid("Status")
            }
            state.health[id] = status
            return [:]
        }
    }

    private static func invalid(_ message: String) -> Refusal {
        Refusal(status: 400, type: "InvalidInput", message: message)
    }

    private static func list(_ members: [String: Any], _ state: State) throws -> [String: Any] {
        guard let most = members["MaxResults"] as? Int, (1...100).contains(most) else { throw invalid("MaxResults") }
        let all = state.instances.sorted { $0.key < $1.key }
        // A token is good for the page behind an instance, whether that one is still there or not.
        let token = members["NextToken"] as? String ?? ""
        guard token.isEmpty || token.hasPrefix("after ") else { throw invalid("NextToken") }
        let rest = all.drop { !token.isEmpty && $0.key <= String(token.dropFirst(6)) }
        let page = rest.prefix(min(most, state.pageSize))
        var answer: [String: Any] = ["Instances": page.map { ["Id": $0.key, "Attributes": $0.value] }]
        if page.count < rest.count, let last = page.last { answer["NextToken"] = "after \(last.key)" }
        return answer
    }

    private static func register(
        _ id: String, _ members: [String: Any], _ state: inout State
    ) throws -> [String: Any] {
        guard let request = members["CreatorRequestId"] as? String, (1...64).contains(request.utf8.count),
            let attributes = members["Attributes"] as? [String: String]
        else { throw invalid("CreatorRequestId or Attributes") }
        for (key, value) in attributes where !(key + value).utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw invalid("attribute \(key)")
        }
        guard attributes["AWS_INSTANCE_IPV4"] != nil else {
            throw invalid("AWS_INSTANCE_IPV4 is needed for an A record")
        }
        if attributes["AWS_INIT_HEALTH_STATUS"] != nil, !state.hasCustomHealth {
            throw invalid("AWS_INIT_HEALTH_STATUS is for services with HealthCheckCustomConfig")
        }
        return try begin(id, request: request, attributes: attributes, &state)
    }

    private static func begin(
        _ id: String, request: String?, attributes: [String: String]?, _ state: inout State
    ) throws -> [String: Any] {
        if let (key, other) = state.operations.first(where: { $0.value.instance == id && $0.value.status == "PENDING" })
        {
            if let request, other.request == request { return ["OperationId": key] }
            throw Refusal(
                status: 400, type: "DuplicateRequest", message: "Another operation and id \(key) is in progress",
                more: ["DuplicateOperationId": key])
        }
        let key = "op-\(state.operations.count + 1)"
        state.operations[key] = Operation(instance: id, request: request, attributes: attributes)
        return ["OperationId": key]
    }

    private static func poll(_ key: String, _ state: inout State) throws -> [String: Any] {
        state.operations[key]?.polls += 1
        guard let asked = state.operations[key] else {
            throw Refusal(status: 400, type: "OperationNotFound", message: key)
        }
        if asked.status == "PENDING", asked.polls >= state.pollsNeeded { finish(key, &state) }
        let operation = state.operations[key] ?? asked
        var answer: [String: Any] = ["Id": key, "Status": operation.status]
        if let failure = operation.failure {
            (answer["ErrorCode"], answer["ErrorMessage"]) = (failure.code, failure.message)
        }
        return ["Operation": answer]
    }

    private static func finish(_ key: String, _ state: inout State) {
        guard var operation = state.operations[key] else { return }
        defer { state.operations[key] = operation }
        if let failure = state.failure {
            (operation.status, operation.failure, state.failure) = ("FAIL", failure, nil)
            return
        }
        operation.status = "SUCCESS"
        state.instances[operation.instance] = operation.attributes
        state.health[operation.instance] = operation.attributes?["AWS_INIT_HEALTH_STATUS"]
    }
}
