import CTestSupport
import Foundation

/// A program that a test runs: what it prints, its end, and signals to it. Every wait has a deadline.
package final class Program: Sendable {
    package struct Ended: Sendable {
        package let code: Int32
        package let output: String
        package let errors: String
    }

    /// The built `healthz`, beside the tests that are running.
    package static let healthz: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("healthz").path
    }()

    package let identifier: Int32
    private let output: Collected
    private let errors: Collected
    private let status = Guarded<Int32?>(nil)
    private let exited = DispatchSemaphore(value: 0)

    package init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], passing descriptors: [Int32] = []
    ) throws {
        let (outRead, outWrite) = try Program.pipe()
        let (errRead, errWrite) = try Program.pipe()
        defer {
            close(outWrite)
            close(errWrite)
        }
        let child = try Program.spawn(path, arguments, environment, passing: descriptors) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, outWrite, 1)
            posix_spawn_file_actions_adddup2(&actions, errWrite, 2)
        }
        identifier = child
        output = Collected(outRead)
        errors = Collected(errRead)
        Thread.detachNewThread { [child, weak self] in
            let code = Program.waitForEnd(of: child)
            self?.status.withLock { $0 = code }
            self?.exited.signal()
        }
    }

    /// By posix_spawn(3), not by Foundation's Process: that one hands on the calling thread's signal mask, and
    /// Dispatch's threads block all signals, so that a child never hears of SIGTERM.
    /// - Parameters:
    ///   - descriptors: what it finds from descriptor 3 on; there are no others.
    ///   - standardStreams: says what the descriptors 0, 1 and 2 are.
    static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String], flags: Int32 = 0,
        passing descriptors: [Int32] = [], standardStreams: (inout posix_spawn_file_actions_t) -> Void
    ) throws -> pid_t {
        // Nothing of the machine's own settings may reach the program, but what its libraries need to be found.
        let inherited = ProcessInfo.processInfo.environment.filter {
            ["PATH", "LD_LIBRARY_PATH", "TSAN_OPTIONS", "ASAN_OPTIONS"].contains($0.key)
        }
        let variables = inherited.merging(environment) { _, new in new }.map { "\($0.key)=\($0.value)" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        standardStreams(&actions)
        // By way of numbers that none of them has: one may have a number that another one gets.
        let unused = max(descriptors.max() ?? 0, 2 + Int32(descriptors.count)) + 1
        for (index, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, unused + Int32(index))
        }
        for index in 0..<Int32(descriptors.count) {
            posix_spawn_file_actions_adddup2(&actions, unused + index, 3 + index)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3 + Int32(descriptors.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | flags))
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw RawClient.Failure.system("posix_spawn \(path)", code) }
        return child
    }

    /// - Returns: the exit status, or 128 and the signal, as a shell has it.
    static func waitForEnd(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    deinit {
        if status.withLock({ $0 == nil }) { kill(identifier, SIGKILL) }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw RawClient.Failure.system("pipe2", errno) }
        return (ends[0], ends[1])
    }

    package func signal(_ number: Int32) {
        if status.withLock({ $0 == nil }) { kill(identifier, number) }
    }

    /// The names of its threads, which Dispatch calls after their pools: the ends of such as
    /// `com.apple.root.default-qos.overcommit`.
    package var threads: [String] { ofThreads("comm") }

    /// Where its threads wait in the kernel, such as in `anon_pipe_write`.
    package var waitingIn: [String] { ofThreads("wchan") }

    /// - Parameter file: of those that proc(5) has of each thread.
    private func ofThreads(_ file: String) -> [String] {
        let tasks = "/proc/\(identifier)/task"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return numbers.compactMap { try? String(contentsOfFile: "\(tasks)/\($0)/\(file)", encoding: .utf8) }
            .map { $0.trimmingCharacters(in: .newlines) }
    }

    /// How many descriptors it has open.
    package var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/fd").count) ?? 0
    }

    /// The same, where it was the same a while ago: not one that is open for a moment.
    package func settledDescriptors() throws -> Int {
        try eventually("the same number of descriptors") {
            let before = descriptors
            Thread.sleep(forTimeInterval: 0.05)
            return descriptors == before ? before : nil
        }
    }

    /// How many descriptors it watches by epoll(7), as proc(5) tells of each such descriptor.
    package var watchedDescriptors: Int {
        let folder = "/proc/\(identifier)/fdinfo"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
            .map { $0.components(separatedBy: "tfd:").count - 1 }.reduce(0, +)
    }

    /// Its memory in bytes, as the system counts it.
    package func memory() throws -> (virtual: Int, resident: Int) {
        let text = try String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)
        let pages = text.split(separator: " ").prefix(2).compactMap { Int($0) }
        guard pages.count == 2 else { throw RawClient.Failure.system("/proc/\(identifier)/statm", 0) }
        return (pages[0] * Int(getpagesize()), pages[1] * Int(getpagesize()))
    }

    package var errorText: String { errors.text }
    package var outputText: String { output.text }

    /// Waits until `condition` holds for what the program has printed on standard error.
    package func waitForErrors(_ what: String, where condition: (String) -> Bool) throws {
        try until("\(what) in: \(errors.text)") { condition(errors.text) }
    }

    /// The same for standard output.
    package func waitForOutput(_ what: String, where condition: (String) -> Bool) throws {
        try until("\(what) in: \(output.text)") { condition(output.text) }
    }

    /// The port that a line `… listens on http://HOST:PORT` on standard error names.
    package func port() throws -> UInt16 {
        try eventually("a port in: \(errors.text)") {
            let text = errors.text
            guard let start = text.range(of: "listens on http://")?.upperBound,
                let end = text[start...].firstIndex(where: { $0.isWhitespace || $0 == "\"" })
            else { return nil }
            return text[start..<end].split(separator: ":").last.flatMap { UInt16($0) }
        }
    }

    /// The number that follows `text` on a line of standard output.
    package func port(after text: String) throws -> UInt16 {
        try eventually("\(text) in: \(output.text)") {
            let printed = output.text
            guard let start = printed.range(of: text)?.upperBound,
                let end = printed[start...].firstIndex(where: { !$0.isNumber })
            else { return nil }
            return UInt16(printed[start..<end])
        }
    }

    /// Waits for the end of the program.
    package func wait(upTo seconds: Int = 60) throws -> Ended {
        guard exited.wait(timeout: .now() + .seconds(seconds)) == .success else {
            kill(identifier, SIGKILL)
            throw TimedOut("the end of the program; it printed \(errors.text)")
        }
        exited.signal()
        output.waitForEnd()
        errors.waitForEnd()
        return Ended(code: status.withLock { $0 ?? -1 }, output: output.text, errors: errors.text)
    }

    /// Runs `healthz` to its end.
    package static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
        try Program(healthz, arguments, environment: environment).wait()
    }
}

/// What comes out of a pipe.
private final class Collected: Sendable {
    private let bytes = Guarded<[UInt8]>([])
    private let ended = DispatchSemaphore(value: 0)

    init(_ descriptor: Int32) {
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
