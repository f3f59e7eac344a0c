import ArgumentParser
import CSystem
import Configuration
import Glibc
import Reporting

/// What the commands have of the process round them.
enum Terminal {
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// What standard output can show.
    static var look: Look { look(of: STDOUT_FILENO) }

    static func look(of descriptor: Int32) -> Look {
        Look(environment, isTerminal: isatty(descriptor) == 1, width: size(of: descriptor)?.columns)
    }

    /// nil where it is no terminal, or one that does not know.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var (columns, rows): (Int32, Int32) = (0, 0)
        return healthz_window(descriptor, &columns, &rows) == 1 ? (Int(columns), Int(rows)) : nil
    }

    /// One line on standard error.
    static func complain(_ line: String) {
        write("healthz: \(line)\n", to: STDERR_FILENO)
    }

    /// What is wrong in a file begins with its place, as compilers write it, so that editors find it.
    static func complain(of mistake: ConfigurationMistake) {
        if case .file = mistake.origin { write("\(mistake)\n", to: STDERR_FILENO) } else { complain("\(mistake)") }
    }

    /// Text on standard output.
    static func show(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// All of it, or as much as somebody reads. May block: never on the loop.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return  // Nobody reads it.
            }
        }
    }
}

/// sysexits(3), as far as they apply.
extension ExitCode {
    static let unhealthy = ExitCode(1)
    static let usage = ExitCode(64)
    /// What was asked for is not to be had: an address that is taken, or not this machine's.
    static let unavailable = ExitCode(69)
    static let system = ExitCode(71)
    static let configuration = ExitCode(78)
}
