package import EventLoop
package import HTTPClient
package import Health
import Time

/// Keeps a service's registration with Consul's agent true: makes the calls of a `ConsulRegistrar`.
package actor ConsulKeeper {
    private nonisolated let loop: EventLoop
    private let client: any Client
    private let files: TokenFiles
    private let changed: @Sendable (KeeperEvent) -> Void
    private let agent: ConsulAgent
    private var tls: Request.TLS
    private var settings: ConsulRegistrar.Settings
    private var registrar: ConsulRegistrar
    private var token: Secret?
    private var isReading = false
    /// Whether the token is known, without which nothing is sent.
    private var isReady = false
    private var verdict: (status: HealthStatus, output: String)?
    private var record = KeeperRecord(.consul)
    private var timer: LoopTimer?
    private var hasEnded = false

    /// - Parameter changed: called on the loop.
    package init(
        _ settings: ConsulRegistrar.Settings, _ agent: ConsulAgent, _ tls: Request.TLS, on loop: EventLoop,
        by client: any Client, _ files: TokenFiles, changed: @escaping @Sendable (KeeperEvent) -> Void
    ) {
        (self.settings, self.agent, self.tls, self.loop) = (settings, agent, tls, loop)
        (self.client, self.files, self.changed) = (client, files, changed)
        registrar = ConsulRegistrar(settings)
        if case .text(let secret) = agent.token { token = secret }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Whether a reload to these settings can go on with this keeper: it is the same service of the same agent.
    package func canAdopt(_ next: ConsulRegistrar.Settings, _ agent: ConsulAgent) -> Bool {
        agent == self.agent && next.service.name == settings.service.name
    }

    package func adopt(_ next: ConsulRegistrar.Settings, _ tls: Request.TLS) {
        guard !hasEnded else { return }
        (settings, self.tls) = (next, tls)
        readToken()
        perform { $0.adopt(next, at: .now) }
    }

    private func start() {
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        see()
        if case .file = agent.token { readToken() } else { begin(at: .now) }
    }

    private func begin(at now: Instant) {
        isReady = true
        perform { $0.begin(at: now) }
        if let verdict { judged(verdict.status, verdict.output) }
    }

    private func readToken() {
        guard case .file(let path) = agent.token, !isReading else { return }
        isReading = true
        files.read(path) { result in self.assumeIsolated { $0.tokenRead(result, path) } }
    }

    private func tokenRead(_ result: Result<[UInt8], FileFailure>, _ path: String) {
        isReading = false
        guard !hasEnded else { return }
        let former = token
        switch result {
        case .success(let bytes):
            token = ConsulAgent.token(inFile: bytes)
            if token == nil { tell(.failed(.denied, text: "\(path) has no token in it")) }
        case .failure(let failure): tell(.failed(.denied, text: "\(path) \(failure.problem)"))
        }
        guard isReady else { return begin(at: .now) }
        if token != former { perform { $0.tokenChanged(at: .now) } }
    }

    private func judged(_ status: HealthStatus, _ output: String) {
        verdict = (status, output)
        if isReady { perform { $0.judged(status, output: output, at: .now) } }
    }

    private func timeHasPassed() {
        perform { $0.timePassed(at: .now) }
    }

    private func perform(_ event: (inout ConsulRegistrar) -> [ConsulRegistrar.Action]) {
        guard !hasEnded else { return }
        let actions = event(&registrar)
        see()
        for action in actions {
            switch action {
            case .note(let note): tell(note)
            case .readToken: readToken()
            case .end:
                hasEnded = true
                tell(nil)
            case .call(let call): make(call)
            }
        }
        if !hasEnded, let time = registrar.wakeAt { timer?.wake(by: time) }
    }

    private func make(_ call: ConsulCall) {
        record.requested(call.operation.rawValue)
        let token = token
        client.send(call.request(to: agent, token: token, tls: tls), within: ConsulCall.limit) { result in
            self.assumeIsolated { $0.ended(call, result, token) }
        }
    }

    private func ended(_ call: ConsulCall, _ result: Result<Response, TransferFailure>, _ token: Secret?) {
        guard !hasEnded else { return }
        do throws(ConsulFailure) {
            switch result {
            case .failure(let failure): throw ConsulFailure(failure, of: call.operation)
            case .success(let response):
                let answer = try ConsulAnswer(response, to: call, hiding: token)
                record.succeeded()
                perform { $0.answered(answer, at: .now) }
            }
        } catch {
            record.failed(error.cause)
            perform { $0.failed(error, at: .now) }
            // It was made before the token was another one.
            if error.problem == .denied, token != self.token { perform { $0.tokenChanged(at: .now) } }
        }
        tell(nil)
    }

    private func tell(_ note: RegistrarNote?) {
        changed(KeeperEvent(provider: Registry.consul.rawValue, service: settings.service.name, note: note))
    }

    private func leave() {
        perform { $0.drain(at: .now) }
    }

    private func leaveAtLast() {
        perform { $0.drainEnded(at: .now) }
    }

    private func stop() {
        hasEnded = true
        registrar.end()
    }

    private func see() {
        record.saw(registrar.phase, isRegistered: registrar.isRegistered, cause: registrar.cause)
    }

    private var present: DiscoveryFigures {
        record.figures(
            of: (settings.service.name, settings.service.id), registrar.phase, registrar.cause,
            isRegistered: registrar.isRegistered,
            status: (registrar.acknowledgedStatus?.rawValue, ConsulStatus.allCases.map(\.rawValue)))
    }
}

extension ConsulKeeper: Keeper {
    package nonisolated func begin() { assumeIsolated { $0.start() } }
    package nonisolated func judged(_ status: HealthStatus, output: String) {
        assumeIsolated { $0.judged(status, output) }
    }
    package nonisolated func drain() { assumeIsolated { $0.leave() } }
    package nonisolated func drainEnded() { assumeIsolated { $0.leaveAtLast() } }
    package nonisolated func end() { assumeIsolated { $0.stop() } }
    package nonisolated var isGone: Bool { assumeIsolated { $0.hasEnded } }
    package nonisolated var figures: DiscoveryFigures { assumeIsolated { $0.present } }
}
