import Glibc
import Health
import Reporting

/// A line on standard error that shows the running checks, if this is a terminal. It is erased at the end.
struct LiveLine {
    static let pause = Duration.milliseconds(100)

    private static let erasing = "\r\u{1B}[K"

    private let startedAt = ContinuousClock.now
    private var progress: Progress
    private var isDrawn = false

    /// nil if it cannot be shown.
    init?(_ services: [String]) {
        guard isatty(STDERR_FILENO) == 1, Look.isCapable(Terminal.environment) else { return nil }
        progress = Progress(services)
    }

    mutating func receive(_ service: String) {
        progress.receive(service)
    }

    mutating func draw() {
        let text = progress.line(after: .now - startedAt, Terminal.look(of: STDERR_FILENO))
        Terminal.write("\r\(text)\u{1B}[K", to: STDERR_FILENO)
        isDrawn = true
    }

    mutating func erase() {
        if isDrawn { Terminal.write(LiveLine.erasing, to: STDERR_FILENO) }
        isDrawn = false
    }
}
