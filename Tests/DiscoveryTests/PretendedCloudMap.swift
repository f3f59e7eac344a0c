import Time

@testable import Discovery

/// Cloud Map as the documents have it: registrations and their ends are operations, of which an instance has one at a time.
struct PretendedCloudMap {
    private enum Effect {
        case register(CloudMapRegistration, CloudMapHealth?)
        case deregister(String)
    }

    private struct Operation {
        let effect: Effect
        let request: String?
        var pollsLeft: Int
        var progress = CloudMapProgress.underway

        var instance: String {
            switch effect {
            case .register(let registration, _): registration.instanceID
            case .deregister(let id): id
            }
        }
    }

    private(set) var entries: [String: CloudMapEntry] = [:]
    private(set) var health: [String: CloudMapHealth] = [:]
    private var operations: [String: Operation] = [:]
    private var count = 0
    /// How many entries a page of the list has.
    var pageSize = 2
    var pollsNeeded = 0
    /// The next operation fails with this code.
    var failsWith: String?

    mutating func remove(_ id: String) {
        (entries[id], health[id]) = (nil, nil)
    }

    mutating func add(_ entry: CloudMapEntry) {
        entries[entry.id] = entry
    }

    mutating func answer(_ call: CloudMapCall) -> Result<CloudMapAnswer, CloudMapFailure> {
        switch call {
        case .listInstances(_, let page): list(from: page.flatMap { Int($0) } ?? 0)
        case .registerInstance(let registration, let health, let request):
            begin(.register(registration, health), registration.instanceID, request, of: call)
        case .deregisterInstance(_, let id):
            entries[id] == nil && !isBusy(id) ? missing(call) : begin(.deregister(id), id, nil, of: call)
        case .getInstance(_, let id): entries[id].map { .success(.instance($0)) } ?? missing(call)
        case .updateHealth(_, let id, let health): entries[id] == nil ? missing(call) : update(id, health)
        case .getOperation(let id): poll(id, call)
        }
    }

    private func missing(_ call: CloudMapCall) -> Result<CloudMapAnswer, CloudMapFailure> {
        .failure(CloudMapFailure(.instanceNotFound, of: call.operation, detail: "no such instance"))
    }

    private func isBusy(_ id: String) -> Bool {
        operations.values.contains { $0.instance == id && $0.progress == .underway }
    }

    /// As time passes, operations come to their end whether somebody asks or not.
    private mutating func list(from start: Int) -> Result<CloudMapAnswer, CloudMapFailure> {
        for id in operations.keys.sorted() { advance(id) }
        let sorted = entries.values.sorted { $0.id < $1.id }
        let page = sorted.dropFirst(start).prefix(pageSize)
        let end = start + page.count
        return .success(.instances(Array(page), next: end < sorted.count ? "\(end)" : nil))
    }

    private mutating func update(_ id: String, _ health: CloudMapHealth) -> Result<CloudMapAnswer, CloudMapFailure> {
        self.health[id] = health
        return .success(.healthUpdated)
    }

    private mutating func begin(
        _ effect: Effect, _ instance: String, _ request: String?, of call: CloudMapCall
    ) -> Result<CloudMapAnswer, CloudMapFailure> {
        let other = operations.first { $0.value.instance == instance && $0.value.progress == .underway }
        if let other {
            if let request, other.value.request == request { return .success(.begun(operation: other.key)) }
            let problem = CloudMapFailure.Problem.duplicate(operation: other.key)
            return .failure(CloudMapFailure(problem, of: call.operation, detail: "another operation"))
        }
        count += 1
        let id = "op-\(count)"
        operations[id] = Operation(effect: effect, request: request, pollsLeft: pollsNeeded)
        return .success(.begun(operation: id))
    }

    private mutating func poll(_ id: String, _ call: CloudMapCall) -> Result<CloudMapAnswer, CloudMapFailure> {
        advance(id)
        return operations[id].map { .success(.operation($0.progress)) }
            ?? .failure(CloudMapFailure(.operationNotFound, of: call.operation, detail: "no such operation"))
    }

    private mutating func advance(_ id: String) {
        guard var operation = operations[id], operation.progress == .underway else { return }
        if operation.pollsLeft == 0 { finish(&operation) } else { operation.pollsLeft -= 1 }
        operations[id] = operation
    }

    private mutating func finish(_ operation: inout Operation) {
        if let code = failsWith {
            operation.progress = .failed(code: code, message: "as told")
            failsWith = nil
            return
        }
        operation.progress = .succeeded
        switch operation.effect {
        case .register(let registration, let health):
            let attributes = registration.attributes(initially: health)
            entries[registration.instanceID] = CloudMapEntry(id: registration.instanceID, attributes: attributes)
            self.health[registration.instanceID] = health ?? .healthy
        case .deregister(let id): remove(id)
        }
    }
}
