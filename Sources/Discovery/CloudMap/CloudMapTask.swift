/// What the registrar makes a call for.
enum CloudMapTask: Sendable, Equatable {
    /// Is the registration there, and as it should be?
    case inspecting
    /// Is another stack there? Page by page.
    case listing(page: String?)
    case registering(CloudMapHealth?)
    case telling(CloudMapHealth)
    case deregistering(CloudMapIdentity)
    case polling(OperationWatch)

    var isTelling: Bool { if case .telling = self { true } else { false } }
}

/// Which instance of which service.
struct CloudMapIdentity: Sendable, Hashable {
    let serviceID: String
    let instanceID: String
}

extension CloudMapRegistration {
    var identity: CloudMapIdentity { CloudMapIdentity(serviceID: serviceID, instanceID: instanceID) }
}
