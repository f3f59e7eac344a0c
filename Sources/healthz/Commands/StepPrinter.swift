import ArgumentParser
import Discovery
import Glibc
import Reporting

/// Prints the steps of a command, a line for each; problems go to standard error. On a terminal, all removed
/// instances share one line.
struct StepPrinter {
    private let format: CloudMapFlags.Format
    private let isLive: Bool
    private var planned = 0
    private var count = 0
    private var hasOpenLine = false

    init(_ format: CloudMapFlags.Format) {
        self.format = format
        isLive = format == .text && isatty(STDOUT_FILENO) == 1 && Look.isCapable(Terminal.environment)
    }

    mutating func show(_ step: CommandStep) throws(ExitCode) {
        if case .planned(.sweep(let ids)) = step { planned = ids.count }
        if isLive, isOfOneInstance(step) {
            count += 1
            hasOpenLine = true
            return try Terminal.show("\r\(count) of \(planned): \(step)\u{1B}[K")
        }
        try closeLine()
        if step.isProblem {
            Terminal.printError("\(step)")
        } else if format == .text {
            try Terminal.show("\(step)\n")
        }
    }

    mutating func end(_ record: CommandRecord) throws(ExitCode) {
        try closeLine()
        if format == .json { try Terminal.show("\(record.json)\n") }
    }

    private func isOfOneInstance(_ step: CommandStep) -> Bool {
        switch step {
        case .swept, .alreadyGone: true
        default: false
        }
    }

    private mutating func closeLine() throws(ExitCode) {
        guard hasOpenLine else { return }
        hasOpenLine = false
        try Terminal.show("\n")
    }
}
