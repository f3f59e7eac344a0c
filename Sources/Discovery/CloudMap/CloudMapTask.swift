/// The purpose of a registrar's call.
enum CloudMapTask: Sendable, Equatable {
    /// Verify that the registration exists and is as wanted.
    case inspecting
    /// Look for another stack, page by page.
    case listing(page: String?)
    case registering(CloudMapHealth?)
    case telling(CloudMapHealth)
    case deregistering(CloudMapIdentity)
    case polling(OperationWatch)

    var isTelling: Bool { if case .telling = self { true } else { false } }
}

/// An instance of a service.
struct CloudMapIdentity: Sendable, Hashable {
    let serviceID: String
    let instanceID: String
}

extension CloudMapRegistration {
    var identity: CloudMapIdentity { CloudMapIdentity(serviceID: serviceID, instanceID: instanceID) }
}
