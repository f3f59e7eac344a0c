import Foundation
import Synchronization

/// A program that a test runs: what it prints, its end, and signals to it. Every wait has a deadline.
package final class Program: Sendable {
    package struct Ended: Sendable {
        package let code: Int32
        package let output: String
        package let errors: String
    }

    package enum Failure: Error, CustomStringConvertible {
        case timeout(String)

        package var description: String {
            switch self {
            case .timeout(let what): "timed out: \(what)"
            }
        }
    }

    /// The built `healthz`, beside the tests that are running.
    package static let healthz: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("healthz").path
    }()

    private let process = Mutex<Process?>(nil)
    private let identifier: Int32
    private let output: Collected
    private let errors: Collected
    private let exited = DispatchSemaphore(value: 0)

    package init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        // Nothing of the machine's own settings may reach the program, but what its libraries need to be found.
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "LD_LIBRARY_PATH", "TSAN_OPTIONS", "ASAN_OPTIONS"].contains($0.key)
        }
        process.environment = inherited.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        let exited = self.exited
        process.terminationHandler = { _ in exited.signal() }
        try process.run()
        identifier = process.processIdentifier
        output = Collected(out)
        errors = Collected(err)
        let running = process
        self.process.withLock { $0 = running }
    }

    deinit {
        process.withLock { if let process = $0, process.isRunning { kill(identifier, SIGKILL) } }
    }

    package func signal(_ number: Int32) {
        kill(identifier, number)
    }

    package var errorText: String { errors.text }
    package var outputText: String { output.text }

    /// Waits until `condition` holds for what the program has printed on standard error.
    package func waitForErrors(_ what: String, where condition: (String) -> Bool) throws {
        try wait("\(what) in: \(errors.text)") { condition(errors.text) }
    }

    /// The port that a line `… listens on http://HOST:PORT` on standard error names.
    package func port() throws -> UInt16 {
        var found: UInt16?
        try wait("a port in: \(errors.text)") {
            guard let line = errors.text.split(separator: "\n").first(where: { $0.contains("listens on http") }),
                let digits = line.split(separator: ":").last
            else { return false }
            found = UInt16(digits.prefix { $0.isNumber })
            return found != nil
        }
        return found ?? 0
    }

    /// The number that follows `text` on a line of standard output.
    package func port(after text: String) throws -> UInt16 {
        var found: UInt16?
        try wait("\(text) in: \(output.text)") {
            guard let start = output.text.range(of: text)?.upperBound,
                let end = output.text[start...].firstIndex(where: { !$0.isNumber })
            else { return false }
            found = UInt16(output.text[start..<end])
            return found != nil
        }
        return found ?? 0
    }

    /// Waits for the end of the program.
    package func wait(upTo seconds: Int = 20) throws -> Ended {
        guard exited.wait(timeout: .now() + .seconds(seconds)) == .success else {
            kill(identifier, SIGKILL)
            throw Failure.timeout("the end of the program; it printed \(errors.text)")
        }
        exited.signal()
        output.waitForEnd()
        errors.waitForEnd()
        let code = process.withLock { $0?.terminationStatus ?? -1 }
        return Ended(code: code, output: output.text, errors: errors.text)
    }

    private func wait(_ what: @autoclosure () -> String, until condition: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(20)
        while !condition() {
            guard ContinuousClock.now < end else { throw Failure.timeout(what()) }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    /// Runs `healthz` to its end.
    package static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
        try Program(healthz, arguments, environment: environment).wait()
    }
}

/// What comes out of a pipe.
private final class Collected: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let ended = DispatchSemaphore(value: 0)

    init(_ pipe: Pipe) {
        let handle = pipe.fileHandleForReading
        let descriptor = dup(handle.fileDescriptor)
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count <= 0 { break }
                let some = buffer[..<count]
                bytes.withLock { $0 += some }
            }
            close(descriptor)
            ended.signal()
        }
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func waitForEnd() {
        if ended.wait(timeout: .now() + .seconds(5)) == .success { ended.signal() }
    }
}
