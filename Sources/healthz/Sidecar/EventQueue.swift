import EventLoop

/// Events in the order in which they came, for the one who waits for them.
///
/// AsyncStream would do, but whoever waits for one is resumed by way of the global pool; and once that has had any work,
/// Dispatch looks after it once a second for ever: a process that has nothing to do would not sleep.
actor EventQueue<Event: Sendable> {
    private nonisolated let loop: EventLoop
    private var events: [Event] = []
    private var waiting: CheckedContinuation<Event, Never>?

    init(on loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    func add(_ event: Event) {
        guard let waiting else { return events.append(event) }
        self.waiting = nil
        waiting.resume(returning: event)
    }

    /// Waits for as long as nothing happens. For one caller at a time.
    func next() async -> Event {
        guard events.isEmpty else { return events.removeFirst() }
        return await withCheckedContinuation { waiting = $0 }
    }
}
