import CTestSupport
import Foundation

/// A program that runs on a terminal of its own, as a person would see it. Every wait has a deadline.
package final class TerminalProgram: Sendable {
    private let identifier: pid_t
    private let master: Int32
    private let shown: Shown
    private let status = Guarded<Int32?>(nil)
    private let exited = DispatchSemaphore(value: 0)
    private let settings: Data

    /// - Parameter columns: 0, and `rows` 0, for a terminal that does not know its size.
    package init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], columns: Int = 120, rows: Int = 40
    ) throws {
        let master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0 else {
            throw RawClient.Failure.system("posix_openpt", errno)
        }
        var name = [CChar](repeating: 0, count: 64)
        guard ptsname_r(master, &name, name.count) == 0 else { throw RawClient.Failure.system("ptsname_r", errno) }
        _ = test_resize(master, UInt16(columns), UInt16(rows))
        self.master = master
        settings = TerminalProgram.settings(of: master)
        shown = Shown(Screen(columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24))
        let variables = ["TERM": "xterm-256color", "LANG": "C.UTF-8"].merging(environment) { _, given in given }
        let child = try Program.spawn(path, arguments, variables, flags: test_POSIX_SPAWN_SETSID) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
            posix_spawn_file_actions_adddup2(&actions, 0, 2)
        }
        identifier = child
        shown.read(from: master)
        Thread.detachNewThread { [child, weak self] in
            let code = Program.waitForEnd(of: child)
            self?.status.withLock { $0 = code }
            self?.exited.signal()
        }
    }

    deinit {
        if status.withLock({ $0 == nil }) { kill(identifier, SIGKILL) }
        // The reader is at its end by then, or will be as soon as the program is.
        close(master)
    }

    /// All that the program has written.
    package var text: String { shown.state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
    package var screen: Screen { shown.state.withLock { $0.screen } }

    /// As if it were typed: `\u{3}` is Ctrl-C.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    package func signal(_ number: Int32) {
        if status.withLock({ $0 == nil }) { kill(identifier, number) }
    }

    package func resize(columns: Int, rows: Int) {
        shown.state.withLock { $0.screen.resize(columns: columns, rows: rows) }
        _ = test_resize(master, UInt16(columns), UInt16(rows))
    }

    /// What proc(5) says: `T` for stopped.
    package var processState: Character? {
        let stat = FileManager.default.contents(atPath: "/proc/\(identifier)/stat") ?? Data()
        return String(decoding: stat, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
    }

    /// Whether echo, line editing and all else is as it was before the program began.
    package var hasSettingsOfBefore: Bool { TerminalProgram.settings(of: master) == settings }

    private static func settings(of terminal: Int32) -> Data {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else { return Data() }
        return withUnsafeBytes(of: settings) { Data($0) }
    }

    package func wait(_ what: String, until condition: () -> Bool) throws {
        try TestSupport.until("\(what); the screen: \(screen.lines.joined(separator: "\n"))", condition)
    }

    /// Waits for the end of the program, and until all is read that it has written.
    package func wait() throws -> Int32 {
        guard exited.wait(timeout: .now() + .seconds(60)) == .success else {
            kill(identifier, SIGKILL)
            throw TimedOut("the end of the program; the screen: \(screen.lines)")
        }
        _ = shown.ended.wait(timeout: .now() + .seconds(5))
        return status.withLock { $0 ?? -1 }
    }
}

/// What comes out of a terminal's other end.
private final class Shown: Sendable {
    let state: Guarded<(bytes: [UInt8], screen: Screen)>
    let ended = DispatchSemaphore(value: 0)

    init(_ screen: Screen) {
        state = Guarded(([], screen))
    }

    func read(from master: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = Glibc.read(master, &buffer, buffer.count)
                if count <= 0 { break }
                let some = buffer[..<count]
                state.withLock { state in
                    state.bytes += some
                    state.screen.show(some)
                }
            }
            ended.signal()
        }
    }
}

/// As much of a terminal as healthz needs: what is to be seen on it, and where the cursor is.
package struct Screen: Sendable {
    package private(set) var isAlternate = false
    package private(set) var isCursorVisible = true
    /// How often something was coloured or otherwise marked.
    package private(set) var renditions = 0
    /// What this does not understand.
    package private(set) var unknown: [String] = []
    private var columns: Int
    private var rows: Int
    private var cells: [[Character]]
    private var saved: [[Character]] = []
    private var savedCursor = (row: 0, column: 0)
    private var cursor = (row: 0, column: 0)
    private var rest: [UInt8] = []

    init(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        cells = Array(repeating: [], count: rows)
    }

    /// Without blanks at their ends.
    package var lines: [String] {
        var lines = cells.map { row in String(row).replacing(/\ +$/, with: "") }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    package func count(of text: String) -> Int { lines.count { $0.contains(text) } }

    mutating func resize(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        cells = Array((cells + Array(repeating: [], count: rows)).prefix(rows))
        cursor = (min(cursor.row, rows - 1), min(cursor.column, columns - 1))
    }

    mutating func show(_ bytes: some Sequence<UInt8>) {
        rest += bytes
        // A character or a sequence may come in two parts.
        while let (length, text) = Screen.first(in: rest) {
            rest.removeFirst(length)
            if text.hasPrefix("\u{1B}") { obey(text) } else { put(text) }
        }
    }

    private static func first(in bytes: [UInt8]) -> (length: Int, text: String)? {
        guard let first = bytes.first else { return nil }
        var length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        if first == 0x1B {
            guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
            length = end + 1
        }
        return bytes.count < length ? nil : (length, String(decoding: bytes[..<length], as: UTF8.self))
    }

    private mutating func put(_ text: String) {
        switch text {
        case "\r": cursor.column = 0
        case "\n": lineFeed()
        default:
            guard let character = text.first else { return }
            if cursor.column >= columns {
                cursor.column = 0
                lineFeed()
            }
            let missing = cursor.column + 1 - cells[cursor.row].count
            if missing > 0 { cells[cursor.row] += Array(repeating: " ", count: missing) }
            cells[cursor.row][cursor.column] = character
            cursor.column += 1
        }
    }

    private mutating func lineFeed() {
        if cursor.row + 1 < rows {
            cursor.row += 1
        } else {
            cells.removeFirst()
            cells.append([])
        }
    }

    private mutating func obey(_ sequence: String) {
        switch sequence.dropFirst() {
        case "[H": cursor = (0, 0)
        case "[K": cells[cursor.row].removeLast(max(0, cells[cursor.row].count - cursor.column))
        case "[2K": cells[cursor.row] = []
        case "[J":
            cells[cursor.row].removeLast(max(0, cells[cursor.row].count - cursor.column))
            for row in (cursor.row + 1)..<max(rows, cursor.row + 1) { cells[row] = [] }
        case "[?25h": isCursorVisible = true
        case "[?25l": isCursorVisible = false
        case "[?1049h":
            if !isAlternate { (saved, savedCursor) = (cells, cursor) }
            (isAlternate, cells) = (true, Array(repeating: [], count: rows))
        case "[?1049l":
            if isAlternate { (cells, cursor) = (saved, savedCursor) }
            isAlternate = false
        case let other where other.last == "m": renditions += other == "[0m" ? 0 : 1
        case let other: unknown.append(String(other))
        }
    }
}
