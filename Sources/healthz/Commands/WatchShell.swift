import ArgumentParser
import Configuration
import Glibc
import Health
import Reporting

/// Round after round of checks, until a signal: in place on a terminal, else one below the other.
struct WatchShell {
    /// How long a round may be out before the window says so.
    private static let patience = Duration.milliseconds(300)

    private let checks: Checks
    private let interval: Duration
    private let format: CheckCommand.Format
    private let isInPlace: Bool
    private var watch = Watch()
    /// When the round that is out began.
    private var startedAt: ContinuousClock.Instant?
    private var nextAt = ContinuousClock.now

    init(_ checks: Checks, every interval: Duration, _ format: CheckCommand.Format) {
        self.checks = checks
        self.interval = interval
        self.format = format
        isInPlace = format == .table && isatty(STDOUT_FILENO) == 1 && Look.isCapable(Terminal.environment)
    }

    /// - Returns: the status of the last round; nil where none has ended.
    mutating func run() async throws -> HealthStatus? {
        try await checks.start()
        let signals = checks.signals([SIGINT, SIGTERM, SIGHUP] + (isInPlace ? [SIGWINCH, SIGTSTP, SIGCONT] : []))
        let ticks = checks.ticks(every: .milliseconds(50))
        defer { ticks.cancel() }
        if isInPlace { Window.enter() }
        begin()
        for await event in checks.events {
            switch event {
            case .ended(let report): ended(report)
            case .tick: tick()
            case .signal(SIGWINCH): draw()
            case .signal(SIGTSTP):
                Window.leave()
                kill(getpid(), SIGSTOP)
            case .signal(SIGCONT):
                Window.enter()
                draw()
            case .signal:
                leave()
                withExtendedLifetime(signals) {}
                return watch.latest?.status
            case .isBack: break
            }
        }
        return watch.latest?.status
    }

    private mutating func begin() {
        startedAt = .now
        nextAt = .now + interval
        checks.begin()
        if watch.rounds == 0 { draw() }
    }

    private mutating func ended(_ report: Report) {
        startedAt = nil
        watch.record(report)
        if isInPlace {
            draw()
        } else if format == .table {
            Terminal.show(WatchReport.round(watch, Terminal.look))
        } else {
            Terminal.show(format.encode(report, Terminal.look))
        }
    }

    /// The next round begins an interval after the last began, or when that has ended.
    private mutating func tick() {
        let now = ContinuousClock.now
        if let startedAt {
            if now - startedAt > WatchShell.patience { draw() }
        } else if nextAt <= now {
            begin()
        }
    }

    private func draw() {
        guard isInPlace else { return }
        let waiting = startedAt.map { .now - $0 }.flatMap { $0 > WatchShell.patience || watch.rounds == 0 ? $0 : nil }
        let size = Terminal.size(of: STDOUT_FILENO)
        Window.show(
            WatchReport.frame(
                watch, every: interval.setting, Terminal.look, height: size?.rows, waiting: waiting))
    }

    /// The last round stays to be read.
    private func leave() {
        guard isInPlace else { return }
        Window.leave()
        Terminal.show(WatchReport.round(watch, Terminal.look))
    }
}

/// The window of a terminal while it shows something other than what scrolls by: xterm's alternate screen, without the
/// cursor.
private enum Window {
    static func enter() {
        Terminal.show("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Each line is erased before it is written: after the last column, erasing would take the last character with it.
    static func show(_ lines: [String]) {
        Terminal.show("\u{1B}[H" + lines.map { "\u{1B}[2K\($0)" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    static func leave() {
        Terminal.show("\u{1B}[?25h\u{1B}[?1049l")
    }
}
