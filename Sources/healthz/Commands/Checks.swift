import ArgumentParser
import Configuration
import Dispatch
import EventLoop
import Glibc
import Health
import Reporting
import Time

/// Makes checks for a person who looks on.
struct Checks {
    enum Event: Sendable {
        /// The first result for a service is there.
        case isBack(String)
        case ended(Report)
        case tick
        case signal(Int32)
    }

    /// The signals that end what a person looks on at; each leaves the terminal as it was.
    static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    /// How long after such a signal the process may still be at work, or stuck in writing what nobody reads.
    private static let patience = Duration.seconds(1)

    let services: [String]
    let events: AsyncStream<Event>
    private let sink: AsyncStream<Event>.Continuation
    private let selection: Selection
    private let loop = EventLoop()
    private let engine: Engine

    init(of selection: Selection, _ configuration: Configuration) {
        // While nobody takes them, ticks must not pile up for ever.
        let (events, sink) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        self.events = events
        self.sink = sink
        self.selection = selection
        services = configuration.services.map(\.name).filter(selection.includes)
        engine = Engine(configuration, on: loop) { transition in
            if case .service(let service, _) = transition { sink.yield(.isBack(service.name)) }
        }
    }

    /// Must be called once, before the first check.
    func start() async throws {
        try await engine.start()
    }

    /// Its end is an event.
    func begin() {
        Task { sink.yield(.ended(await engine.aggregator.report(on: selection).report)) }
    }

    /// From here on, until what is returned is released, these signals are events.
    func signals(_ numbers: [Int32]) -> Signals {
        Signals(numbers, on: loop) { [sink] number in
            sink.yield(.signal(number))
            guard Checks.endings.contains(number) else { return }
            // Not on the loop, which ends with the checks.
            DispatchQueue(label: "healthz.end").asyncAfter(deadline: .now() + Checks.patience.seconds) {
                // As a shell has it of a program that a signal has ended.
                _exit(128 + number)
            }
        }
    }

    /// Ticks are events until the task that is returned is cancelled.
    func ticks(every pause: Duration) -> Task<Void, any Error> {
        Task { [sink] in
            while true {
                try await Task.sleep(for: pause)
                sink.yield(.tick)
            }
        }
    }

    /// One check. On a terminal, a line on standard error says what it waits for, if it takes long.
    func once() async throws -> Report {
        try await start()
        guard var live = LiveLine(services) else { return await engine.aggregator.report(on: selection).report }
        let signals = signals(Checks.endings)
        let ticks = ticks(every: LiveLine.pause)
        defer { ticks.cancel() }
        begin()
        for await event in events {
            switch event {
            case .isBack(let service): live.isBack(service)
            case .tick: live.draw()
            case .ended(let report):
                live.erase()
                return report
            case .signal(let number):
                live.erase()
                // As a shell has it of a program that a signal has ended.
                throw ExitCode(128 + number)
            }
        }
        withExtendedLifetime(signals) {}
        throw ExitCode.system
    }
}
