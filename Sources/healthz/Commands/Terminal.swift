import ArgumentParser
import CSystem
import Configuration
import Glibc
import Reporting

/// What the commands have of the process round them.
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

    /// What standard output can show.
    static var look: Look { look(of: STDOUT_FILENO) }

    static func look(of descriptor: Int32) -> Look {
        Look(environment, isTerminal: isatty(descriptor) == 1, width: size(of: descriptor)?.columns)
    }

    /// nil where it is no terminal. One that does not know, such as a serial line, is as its user says, or of the usual size.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var (columns, rows): (Int32, Int32) = (0, 0)
        if healthz_window(descriptor, &columns, &rows) == 1 { return (Int(columns), Int(rows)) }
        guard isatty(descriptor) == 1 else { return nil }
        func said(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        return (said("COLUMNS") ?? 80, said("LINES") ?? 24)
    }

    /// One line on standard error.
    static func complain(_ line: String) {
        write("healthz: \(line)\n", to: STDERR_FILENO)
    }

    /// What is wrong in a file begins with its place, as compilers write it, so that editors find it.
    static func complain(of mistake: ConfigurationMistake) {
        if case .file = mistake.origin { write("\(mistake)\n", to: STDERR_FILENO) } else { complain("\(mistake)") }
    }

    /// Text on standard output. What cannot be printed is an error, as whoever reads it would take a part for the whole.
    static func show(_ text: String) throws(ExitCode) {
        guard let code = write(text, to: STDOUT_FILENO) else { return }
        complain("standard output: \(String(cString: strerror(code)))")
        throw .system
    }

    /// May block: never on the loop.
    /// - Returns: errno(3), where not all of it could be written.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Who shares it with us has made it so that it does not block.
                var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&watched, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

/// sysexits(3), as far as they apply.
extension ExitCode {
    static let unhealthy = ExitCode(1)
    static let usage = ExitCode(64)
    /// What was asked for is not to be had: an address that is taken, or not this machine's.
    static let unavailable = ExitCode(69)
    static let system = ExitCode(71)
    /// By whoever was asked to do something.
    static let denied = ExitCode(77)
    static let configuration = ExitCode(78)
}
