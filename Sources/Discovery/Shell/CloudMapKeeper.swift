package import EventLoop
package import HTTPClient
package import Health
import Time

/// Keeps a node's registration in Cloud Map true: finds out who the node is, then makes the calls of a `CloudMapRegistrar`.
package actor CloudMapKeeper {
    private nonisolated let loop: EventLoop
    private let client: any Client
    private let files: TokenFiles
    private let environment: Environment
    private let changed: @Sendable (KeeperEvent) -> Void
    private var settings: CloudMapSettings
    private var metadata: MetadataLink?
    private var isAsking = false
    /// Of finding out who the node is.
    private var backoff = Backoff(longest: .seconds(60))
    private var link: CloudMapLink?
    private var registrar: CloudMapRegistrar?
    private var status: HealthStatus?
    private var record = KeeperRecord(.cloudMap)
    private var timer: LoopTimer?
    private var hasEnded = false

    /// - Parameter changed: called on the loop.
    package init(
        _ settings: CloudMapSettings, _ environment: Environment, on loop: EventLoop, by client: any Client,
        _ files: TokenFiles, changed: @escaping @Sendable (KeeperEvent) -> Void
    ) {
        (self.settings, self.environment, self.loop) = (settings, environment, loop)
        (self.client, self.files, self.changed) = (client, files, changed)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Whether a reload to these settings can go on with this keeper: it is the same Cloud Map.
    package func canAdopt(_ next: CloudMapSettings) -> Bool {
        (next.region, next.endpoint) == (settings.region, settings.endpoint)
    }

    package func adopt(_ next: CloudMapSettings) {
        guard !hasEnded else { return }
        settings = next
        findOut()
    }

    // MARK: Who the node is

    private func start() {
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        see()
        findOut()
    }

    private func findOut() {
        let questions = settings.questions(environment)
        guard !questions.isEmpty else { return found([:]) }
        guard !isAsking else { return }
        do throws(KeyFailure) {
            let endpoint = try KeySource.metadataURL(environment)
            let asked = metadata ?? MetadataLink(endpoint, on: loop, by: client)
            (metadata, isAsking) = (asked, true)
            asked.assumeIsolated { link in
                link.ask(questions) { result in self.assumeIsolated { $0.answered(result) } }
            }
        } catch {
            failed(error.problem, "\(error)")
        }
    }

    private func answered(_ result: Result<MetadataLink.Answers, MetadataFailure>) {
        isAsking = false
        guard !hasEnded else { return }
        switch result {
        case .success(let answers): found(answers)
        case .failure(let failure): failed(failure.problem, "\(failure)")
        }
    }

    private func failed(_ problem: CloudMapFailure.Problem, _ text: String) {
        let failure = CloudMapFailure(problem, of: .registerInstance, detail: text)
        // A value with an address: the thread sanitizer cannot follow a reference to an empty one.
        var random: any RandomNumberGenerator = SystemRandomNumberGenerator()
        backoff.failed(failure.cause, isRefusal: failure.isRefusal, at: .now, using: &random)
        record.failed(failure.cause)
        see()
        tell(backoff.note(failure.cause, text: text))
        wake()
    }

    private func found(_ answers: MetadataLink.Answers) {
        let now = Instant.now
        do {
            let next = try settings.registrar(answers)
            if let note = backoff.settle(at: now) { tell(note) }
            guard registrar == nil else { return perform { $0.adopt(next, at: now) } }
            let region = settings.region ?? CloudMapPlace.region(in: environment) ?? answers[.region] ?? ""
            let place = try CloudMapPlace(region: region, setting: settings.endpoint, environment)
            let caller = CloudMapCaller(
                endpoint: place.endpoint, region: place.region, keys: try KeySource(environment))
            link = CloudMapLink(caller, on: loop, by: client, files)
            registrar = CloudMapRegistrar(next)
            perform { $0.begin(at: now) }
            if let status { judged(status) }
        } catch {
            failed((error as? KeyFailure)?.problem ?? .invalid, "\(error)")
        }
    }

    // MARK: The registrar

    private func judged(_ status: HealthStatus) {
        self.status = status
        perform { $0.judged(status, at: .now) }
    }

    private func timeHasPassed() {
        guard !hasEnded else { return }
        if registrar != nil { return perform { $0.timePassed(at: .now) } }
        if let time = backoff.waitsUntil, time <= .now { findOut() } else { wake() }
    }

    private func perform(_ event: (inout CloudMapRegistrar) -> [CloudMapRegistrar.Action]) {
        guard var machine = registrar else { return }
        let actions = event(&machine)
        registrar = machine
        see()
        for action in actions {
            switch action {
            case .note(let note): tell(note)
            case .end:
                hasEnded = true
                tell(nil)
            case .call(let call):
                record.requested(call.operation.rawValue)
                link?.assumeIsolated { $0.make(call) { result in self.assumeIsolated { $0.ended(result) } } }
            }
        }
        wake()
    }

    private func ended(_ result: Result<CloudMapAnswer, CloudMapFailure>) {
        guard !hasEnded else { return }
        switch result {
        case .success(let answer):
            record.succeeded()
            perform { $0.answered(answer, at: .now) }
        case .failure(let failure):
            record.failed(failure.cause)
            perform { $0.failed(failure, at: .now) }
        }
        tell(nil)
    }

    private func wake() {
        guard !hasEnded, let time = registrar.map({ $0.wakeAt }) ?? backoff.waitsUntil else { return }
        timer?.wake(by: time)
    }

    private func tell(_ note: RegistrarNote?) {
        changed(KeeperEvent(provider: Registry.cloudMap.rawValue, service: settings.parts.serviceID, note: note))
    }

    private func leave() {
        guard registrar != nil else {
            hasEnded = true
            return tell(nil)
        }
        perform { $0.drain(at: .now) }
    }

    private func stop() {
        hasEnded = true
        registrar?.end()
    }

    private var phase: RegistrarPhase { registrar?.phase ?? (backoff.waitsUntil == nil ? .waiting : .retrying) }
    private var cause: RegistryCause? { registrar?.cause ?? backoff.cause }
    private var isRegistered: Bool { registrar?.isRegistered ?? false }

    private func see() {
        record.saw(phase, isRegistered: isRegistered, cause: cause)
    }

    private var present: DiscoveryFigures {
        let named = settings.parts.instanceID.isEmpty ? nil : settings.parts.instanceID
        let health = registrar?.acknowledgedHealth?.rawValue.lowercased()
        return record.figures(
            of: (settings.parts.serviceID, registrar?.instanceID ?? named), phase, cause, isRegistered: isRegistered,
            status: (health, CloudMapHealth.allCases.map { $0.rawValue.lowercased() }))
    }
}

extension CloudMapKeeper: Keeper {
    package nonisolated func begin() { assumeIsolated { $0.start() } }
    package nonisolated func judged(_ status: HealthStatus, output: String) { assumeIsolated { $0.judged(status) } }
    package nonisolated func drain() { assumeIsolated { $0.leave() } }
    package nonisolated func drainEnded() {}
    package nonisolated func end() { assumeIsolated { $0.stop() } }
    package nonisolated var isGone: Bool { assumeIsolated { $0.hasEnded } }
    package nonisolated var figures: DiscoveryFigures { assumeIsolated { $0.present } }
}
