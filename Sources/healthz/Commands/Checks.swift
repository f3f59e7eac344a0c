import ArgumentParser
import Configuration
import Dispatch
import EventLoop
import Glibc
import Health
import Reporting
import Time

/// Makes checks for a person at a terminal.
struct Checks {
    enum Event: Sendable {
        /// The first result of a service.
        case firstResult(String)
        case ended(Report)
        case tick
        case signal(Int32)
    }

    /// The signals that end a check. The terminal is restored after each.
    static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    /// How long the process may still work after such a signal; it may be blocked by a full terminal.
    private static let patience = Duration.seconds(1)

    let services: [String]
    let events: AsyncStream<Event>
    private let sink: AsyncStream<Event>.Continuation
    private let selection: Selection
    private let loop = EventLoop()
    private let engine: Engine

    init(of selection: Selection, _ configuration: Configuration) {
        // Ticks that nobody takes must not accumulate.
        let (events, sink) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        self.events = events
        self.sink = sink
        self.selection = selection
        services = configuration.services.map(\.name).filter(selection.includes)
        engine = Engine(configuration, on: loop) { transition in
            if case .service(let service, _) = transition { sink.yield(.firstResult(service.name)) }
        }
    }

    /// Must be called once, before the first check.
    func start() async throws {
        try await engine.start()
    }

    /// The end of the check is an event.
    func begin() {
        Task { sink.yield(.ended(await engine.aggregator.report(on: selection).report)) }
    }

    /// From here on, these signals are events, until the result is released.
    func signals(_ numbers: [Int32]) -> Signals {
        Signals(numbers, on: loop) { [sink] number in
            sink.yield(.signal(number))
            guard Checks.endings.contains(number) else { return }
            // Not on the loop: the loop ends with the checks.
            DispatchQueue(label: "healthz.end").asyncAfter(deadline: .now() + Checks.patience.seconds) {
                // The exit status of a program that a signal has ended, as shells report it.
                _exit(128 + number)
            }
        }
    }

    /// Ticks are events until the returned task is cancelled.
    func ticks(every pause: Duration) -> Task<Void, any Error> {
        Task { [sink] in
            while true {
                try await Task.sleep(for: pause)
                sink.yield(.tick)
            }
        }
    }

    /// Makes one check. If it takes long, a line on the terminal (standard error) shows the services that are still
    /// checked.
    func once() async throws -> Report {
        try await start()
        guard var live = LiveLine(services) else { return await engine.aggregator.report(on: selection).report }
        let signals = signals(Checks.endings)
        let ticks = ticks(every: LiveLine.pause)
        defer { ticks.cancel() }
        begin()
        for await event in events {
            switch event {
            case .firstResult(let service): live.receive(service)
            case .tick: live.draw()
            case .ended(let report):
                live.erase()
                return report
            case .signal(let number):
                live.erase()
                // The exit status of a program that a signal has ended, as shells report it.
                throw ExitCode(128 + number)
            }
        }
        withExtendedLifetime(signals) {}
        throw ExitCode.system
    }
}
