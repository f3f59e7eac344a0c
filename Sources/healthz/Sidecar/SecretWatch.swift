import Configuration
import EventLoop
import Time

/// Has the files of secrets read again every two seconds, off the loop, as nobody sends SIGHUP when Kubernetes, an agent or
/// certbot has renewed one.
actor SecretWatch {
    typealias Renewal = ConfigurationSource.Renewal

    private static let pause = Duration.seconds(2)

    private nonisolated let loop: EventLoop
    private let source: ConfigurationSource
    private let reader: Workers
    private let changed: @Sendable (Renewal) -> Void
    private var timer: LoopTimer?
    private var isReading = false

    /// - Parameters:
    ///   - reader: has the thread that reads.
    ///   - changed: called on the loop.
    init(
        _ source: ConfigurationSource, on loop: EventLoop, by reader: Workers,
        changed: @escaping @Sendable (Renewal) -> Void
    ) {
        self.source = source
        self.loop = loop
        self.reader = reader
        self.changed = changed
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// To be called at the start and after each reload: without secrets, nothing wakes the process.
    func goOn() {
        guard source.hasSecrets, !isReading else { return }
        let timer = timer ?? LoopTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.look() } }
        self.timer = timer
        timer.wake(by: .now + SecretWatch.pause)
    }

    private func look() {
        guard !isReading else { return }
        isReading = true
        let failure = reader.run { [loop, source] in
            let renewal = source.renew()
            loop.run { self.assumeIsolated { $0.looked(renewal) } }
        }
        if failure != nil { looked(nil) }
    }

    private func looked(_ renewal: Renewal?) {
        isReading = false
        if let renewal { changed(renewal) }
        goOn()
    }
}
