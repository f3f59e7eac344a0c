import ArgumentParser
import CSystem
import Configuration
import Glibc
import Reporting

/// The standard streams and the exit codes of the commands.
enum Terminal {
    static let environment: [String: String] = {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }()

    /// The display properties of standard output.
    static var look: Look { look(of: STDOUT_FILENO) }

    static func look(of descriptor: Int32) -> Look {
        Look(environment, isTerminal: isatty(descriptor) == 1, width: size(of: descriptor)?.columns)
    }

    /// nil if it is not a terminal. A terminal that does not know its size, such as a serial line, has the size in
    /// the environment or the usual one.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var (columns, rows): (Int32, Int32) = (0, 0)
        if healthz_window(descriptor, &columns, &rows) == 1 { return (Int(columns), Int(rows)) }
        guard isatty(descriptor) == 1 else { return nil }
        func said(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        return (said("COLUMNS") ?? 80, said("LINES") ?? 24)
    }

    /// Prints a line on standard error.
    static func printError(_ line: String) {
        write("healthz: \(line)\n", to: STDERR_FILENO)
    }

    /// A mistake in a file begins with its position, in the format of compilers, so that editors find it.
    static func printError(of mistake: ConfigurationMistake) {
        if case .file = mistake.origin { write("\(mistake)\n", to: STDERR_FILENO) } else { printError("\(mistake)") }
    }

    /// Prints text on standard output. A failure is an error, because a reader would take a part for the whole.
    static func show(_ text: String) throws(ExitCode) {
        guard let code = write(text, to: STDOUT_FILENO) else { return }
        printError("standard output: \(String(cString: strerror(code)))")
        throw .system
    }

    /// May block, so it must not be called on the loop.
    /// - Returns: errno(3) if not all of it could be written.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Another process has set the stream to non-blocking.
                var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&watched, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

/// Exit codes of sysexits(3).
extension ExitCode {
    static let unhealthy = ExitCode(1)
    static let usage = ExitCode(64)
    /// A requested resource is not available: an address in use, or not of this machine.
    static let unavailable = ExitCode(69)
    static let system = ExitCode(71)
    /// The request was refused.
    static let denied = ExitCode(77)
    static let configuration = ExitCode(78)
}
