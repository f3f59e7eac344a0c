import ArgumentParser
import Configuration
import Glibc
import Health
import Reporting

/// Makes checks until a signal comes. On a terminal, each report replaces the last one; otherwise it follows the last
/// one.
struct WatchShell {
    /// How long a check may take before the window shows it.
    private static let patience = Duration.milliseconds(300)

    private let checks: Checks
    private let interval: Duration
    private let format: CheckCommand.Format
    private let isInPlace: Bool
    private var watch = Watch()
    /// When the running check began.
    private var startedAt: ContinuousClock.Instant?
    private var nextAt = ContinuousClock.now

    init(_ checks: Checks, every interval: Duration, _ format: CheckCommand.Format) {
        self.checks = checks
        self.interval = interval
        self.format = format
        isInPlace = format == .table && isatty(STDOUT_FILENO) == 1 && Look.isCapable(Terminal.environment)
    }

    /// - Returns: the status of the last report; nil if there is none.
    mutating func run() async throws -> HealthStatus? {
        try await checks.start()
        let signals = checks.signals(Checks.endings + (isInPlace ? [SIGWINCH, SIGTSTP, SIGCONT] : []))
        let ticks = checks.ticks(every: .milliseconds(50))
        defer { ticks.cancel() }
        if isInFront { try Window.enter() }
        try begin()
        for await event in checks.events {
            switch event {
            case .ended(let report): try ended(report)
            case .tick: try tick()
            case .signal(SIGWINCH): try draw()
            case .signal(SIGTSTP):
                if isInFront { try Window.leave() }
                kill(getpid(), SIGSTOP)
            case .signal(SIGCONT):
                if isInFront { try Window.enter() }
                try draw()
            case .signal:
                try leave()
                withExtendedLifetime(signals) {}
                return watch.latest?.status
            case .firstResult: break
            }
        }
        return watch.latest?.status
    }

    private mutating func begin() throws(ExitCode) {
        startedAt = .now
        nextAt = .now + interval
        checks.begin()
        if watch.rounds == 0 { try draw() }
    }

    private mutating func ended(_ report: Report) throws(ExitCode) {
        startedAt = nil
        watch.record(report)
        if isInPlace {
            try draw()
        } else if format == .table {
            try Terminal.show(WatchReport.round(watch, Terminal.look))
        } else {
            try Terminal.show(format.encode(report, Terminal.look))
        }
    }

    /// The next check begins an interval after the last one, or at its end if that is later.
    private mutating func tick() throws(ExitCode) {
        let now = ContinuousClock.now
        if let startedAt {
            if now - startedAt > WatchShell.patience { try draw() }
        } else if nextAt <= now {
            try begin()
        }
    }

    /// Whether the process is in the foreground: a process continued by `bg` must not draw.
    private var isInFront: Bool { isInPlace && tcgetpgrp(STDOUT_FILENO) == getpgrp() }

    private func draw() throws(ExitCode) {
        guard isInFront else { return }
        let waiting = startedAt.map { .now - $0 }.flatMap { $0 > WatchShell.patience || watch.rounds == 0 ? $0 : nil }
        let size = Terminal.size(of: STDOUT_FILENO)
        try Window.show(
            WatchReport.frame(
                watch, waiting.map { .checking($0) } ?? .pausing(interval: interval.setting), Terminal.look,
                height: size?.rows))
    }

    /// The last report stays on the screen.
    private func leave() throws(ExitCode) {
        guard isInFront else { return }
        try Window.leave()
        try Terminal.show(WatchReport.round(watch, Terminal.look))
    }
}

/// A terminal's window for a program: the alternate screen of xterm, without the cursor.
private enum Window {
    static func enter() throws(ExitCode) {
        try Terminal.show("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Erases each line before it is written: after the last column, erasing would remove the last character.
    static func show(_ lines: [String]) throws(ExitCode) {
        try Terminal.show("\u{1B}[H" + lines.map { "\u{1B}[2K\($0)" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    static func leave() throws(ExitCode) {
        try Terminal.show("\u{1B}[?25h\u{1B}[?1049l")
    }
}
