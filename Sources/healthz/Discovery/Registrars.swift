import Configuration
import CurlClient
import Discovery
import EventLoop
import Health
import Reporting
import Time

/// Keeps the registrations of this node: passes each report to the keepers.
///
/// It has an HTTP client of its own, so that a hanging registry does not delay probes.
actor Registrars {
    private nonisolated let loop: EventLoop
    private let files: TokenFiles
    private let environment = Environment(Terminal.environment)
    private var changed: @Sendable (KeeperEvent) -> Void = { _ in }
    private var client: CurlClient?
    private var cloudMap: CloudMapKeeper?
    private var consul: [(keeper: ConsulKeeper, source: String?)] = []
    /// Keepers of registrations that a reload has removed, until they have ended.
    private var former: [any Keeper] = []
    private var report: Report?
    private var isInMaintenance = false
    private var staleAfter = Duration.zero
    private var staleAt: Instant?
    /// Fires when the report becomes stale, or at the end.
    private var timer: LoopTimer?
    private var endsAt: Instant?
    private var whenGone: CheckedContinuation<Void, Never>?

    init(on loop: EventLoop) {
        self.loop = loop
        files = TokenFiles(on: loop, content: Files.system.content)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameter changed: called on the loop when a registration has changed.
    func watch(_ changed: @escaping @Sendable (KeeperEvent) -> Void) {
        self.changed = changed
    }

    /// Sets the wanted registrations, at the start and after a reload.
    func adopt(_ configuration: Configuration) {
        staleAfter = configuration.background?.staleAfter ?? .zero
        let settings = configuration.discovery
        guard settings != nil || !all.isEmpty else { return }
        guard let client = startedClient() else { return }
        adopt(settings?.cloudMap, client)
        adopt(settings?.consul, client)
        if let report { hand(on: report) }
    }

    /// A check has ended.
    func checked(_ report: Report) {
        guard !all.isEmpty else { return }
        self.report = report
        staleAt = .now - report.duration + staleAfter
        wake()
        hand(on: report)
    }

    /// The node is taken out of service by a file, or put back.
    func maintain(_ isInMaintenance: Bool) {
        self.isInMaintenance = isInMaintenance
        if let report { hand(on: report) }
    }

    /// The process is about to end, and still answers.
    func drain() {
        for keeper in all { keeper.drain() }
        staleAt = nil
    }

    /// Ends when the registries have been updated, but at that time at the latest.
    func leave(by time: Instant) {
        drain()
        for keeper in all { keeper.drainEnded() }
        endsAt = time
        wake()
    }

    /// Ends now, even during calls.
    func end() {
        for keeper in all { keeper.end() }
        former = []
        finish()
    }

    func gone() async {
        guard !all.allSatisfy(\.isGone) else { return }
        await withCheckedContinuation { whenGone = $0 }
    }

    var figures: [DiscoveryFigures] { present.map(\.figures) }

    // MARK: Keepers

    private var present: [any Keeper] {
        (cloudMap.map { [$0 as any Keeper] } ?? []) + consul.map { $0.keeper as any Keeper }
    }

    private var all: [any Keeper] { present + former }

    /// nil if there is no memory or descriptor for it.
    private func startedClient() -> CurlClient? {
        if let client { return client }
        let client = CurlClient(on: loop, userAgent: Engine.userAgent)
        do {
            try client.assumeIsolated { try $0.start() }
        } catch {
            note(nil, .failed(.unreachable, text: "\(error)"))
            return nil
        }
        timer = LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeHasPassed() } }
        self.client = client
        return client
    }

    private func note(_ keeper: (any Keeper)?, _ note: RegistrarNote) {
        changed(KeeperEvent(provider: keeper?.figures.provider ?? "discovery", service: "", note: note))
    }

    private func keeperChanged(_ event: KeeperEvent) {
        former.removeAll { $0.isGone }
        changed(event)
        if endsAt != nil, all.allSatisfy(\.isGone) { finish() }
    }

    private func adopt(_ settings: CloudMapSettings?, _ client: CurlClient) {
        if let keeper = cloudMap {
            if let settings, keeper.assumeIsolated({ $0.canAdopt(settings) }) {
                return keeper.assumeIsolated { $0.adopt(settings) }
            }
            cloudMap = nil
            dismiss(keeper)
        }
        guard let settings else { return }
        let keeper = CloudMapKeeper(settings, environment, on: loop, by: client, files) { event in
            self.assumeIsolated { $0.keeperChanged(event) }
        }
        cloudMap = keeper
        keeper.begin()
    }

    private func adopt(_ settings: ConsulSettings?, _ client: CurlClient) {
        var former = consul
        consul = []
        for entry in settings?.entries ?? [] {
            guard let settings else { continue }
            let known = former.firstIndex { known in
                known.keeper.assumeIsolated { $0.canAdopt(entry.registrar, settings.agent) }
            }
            if let known {
                let keeper = former.remove(at: known).keeper
                consul.append((keeper, entry.source))
                keeper.assumeIsolated { $0.adopt(entry.registrar, settings.tls) }
            } else {
                let keeper = ConsulKeeper(entry.registrar, settings.agent, settings.tls, on: loop, by: client, files) {
                    event in self.assumeIsolated { $0.keeperChanged(event) }
                }
                consul.append((keeper, entry.source))
                keeper.begin()
            }
        }
        for (keeper, _) in former { dismiss(keeper) }
    }

    private func dismiss(_ keeper: any Keeper) {
        former.append(keeper)
        keeper.drain()
        keeper.drainEnded()
        former.removeAll { $0.isGone }
    }

    // MARK: Reports

    private func hand(on checked: Report) {
        let report = isInMaintenance ? checked.narrowed(to: .all, cause: .maintenance) : checked
        cloudMap?.judged(report.status, output: "")
        for (keeper, source) in consul {
            let part = source.map { report.narrowed(to: .only($0), cause: report.cause) } ?? report
            keeper.judged(part.status, output: String(TextReport.encode(part).dropLast()))
        }
    }

    private func timeHasPassed() {
        let now = Instant.now
        if let endsAt, endsAt <= now { return end() }
        if let staleAt, staleAt <= now, let report {
            self.staleAt = nil
            hand(on: report.narrowed(to: .all, cause: .stale))
        }
        wake()
    }

    private func wake() {
        guard let time = [staleAt, endsAt].compactMap(\.self).min() else { return }
        timer?.wake(by: time)
    }

    private func finish() {
        whenGone?.resume()
        whenGone = nil
    }
}
