/// The result of a command for scripts: an object whose members are listed in docs/discovery.md.
package struct CommandRecord: Sendable, Encodable {
    private enum CodingKeys: String, CodingKey {
        case command, region, result, registered, deregistered, sweep, swept, left, error
        case serviceID = "service_id"
        case instanceID = "instance_id"
        case isDryRun = "dry_run"
        case exitCode = "exit_code"
        case gone = "already_gone"
    }

    private let command: String
    private let serviceID: String
    private let instanceID: String
    private let region: String
    private let isDryRun: Bool
    private var result = "done"
    private var exitCode = 0
    private var registered: Bool?
    private var deregistered: Bool?
    private var sweep: String?
    private var swept: [String] = []
    private var gone: [String] = []
    private var left: [String] = []
    private var error: String?

    package init(_ settings: CloudMapCommand.Settings, region: String) {
        command = settings.kind == .register ? "register" : "deregister"
        (serviceID, instanceID) = (settings.registration.serviceID, settings.registration.instanceID)
        (self.region, isDryRun) = (region, settings.isDryRun)
        switch settings.kind {
        case .register: registered = false
        case .deregister: deregistered = false
        }
    }

    package mutating func add(_ step: CommandStep) {
        switch step {
        case .registered: registered = true
        case .deregistered, .notThere: deregistered = true
        case .planned(let plan): sweep = plan.code
        case .swept(let id): swept.append(id)
        case .wouldSweep(let id):
            sweep = "would_sweep"
            swept.append(id)
        case .alreadyGone(let id): gone.append(id)
        case .left(let ids):
            left = ids
            error = "\(step)"
        case .failed, .outOfTime: error = "\(step)"
        case .registering, .waiting, .pausing, .wouldRegister, .wouldDeregister, .noCustomHealth, .retrying: break
        }
    }

    package mutating func ended(_ exit: CommandExit) {
        result = "\(exit)"
        exitCode = Int(exit.rawValue)
    }

    /// One line.
    package var json: String { String(decoding: JSONText.encode(self), as: UTF8.self) }
}

extension SweepPlan {
    /// Stable and machine-readable.
    fileprivate var code: String {
        switch self {
        case .off: "off"
        case .noStack: "no_stack"
        case .nothing: "nothing"
        case .tooFew: "too_few"
        case .sweep: "swept"
        }
    }
}

extension CommandStep {
    /// Whether it is a warning or the cause of the command's failure.
    package var isProblem: Bool {
        switch self {
        case .left, .noCustomHealth, .retrying, .failed, .outOfTime, .planned(.tooFew): true
        case .registering, .registered, .deregistered, .notThere, .waiting, .pausing, .swept, .alreadyGone,
            .wouldRegister, .wouldDeregister, .wouldSweep, .planned:
            false
        }
    }
}
