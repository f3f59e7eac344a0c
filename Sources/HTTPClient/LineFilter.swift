import Glibc

/// Keeps the lines of a body that begin with one of some texts, and drops the others as they come. The result does not depend
/// on how the body is cut into pieces.
package struct LineFilter: Sendable {
    private enum Line {
        /// No more of it has come than a wanted line may begin with.
        case open
        case kept
        case dropped
    }

    private static let lineFeed = UInt8(ascii: "\n")

    private let starts: [[UInt8]]
    private var line = Line.open
    /// The beginning of an open line, where it has come in a piece before: shorter than the longest start.
    private var pending: [UInt8] = []
    /// The kept lines, without blanks before them. Each has its line feed, unless the body ends without one.
    package private(set) var lines: [UInt8] = []

    /// - Parameter starts: not empty, and not beginning with a blank.
    package init(_ starts: [String]) {
        self.starts = starts.map { Array($0.utf8) }
    }

    package mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        var start = 0
        while start < bytes.count {
            let found = memchr(base + start, Int32(LineFilter.lineFeed), bytes.count - start)
            let end = found.map { UnsafeRawPointer($0) - base + 1 } ?? bytes.count
            receive(piece: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            if found != nil { endLine() }
            start = end
        }
    }

    /// - Parameter piece: of one line.
    private mutating func receive(piece: UnsafeRawBufferPointer) {
        switch line {
        case .dropped: break
        case .kept: lines.append(contentsOf: piece)
        case .open where pending.isEmpty:
            guard let first = piece.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
            decide(UnsafeRawBufferPointer(rebasing: piece[first...]))
        case .open:
            let beginning = pending + piece
            pending = []
            beginning.withUnsafeBytes { decide($0) }
        }
    }

    private mutating func decide(_ beginning: UnsafeRawBufferPointer) {
        line = .dropped
        for start in starts where start[0] == beginning[0] {
            if beginning.starts(with: start) {
                line = .kept
                return lines.append(contentsOf: beginning)
            }
            if beginning.count < start.count, start.starts(with: beginning) { line = .open }
        }
        if case .open = line { pending = Array(beginning) }
    }

    private mutating func endLine() {
        line = .open
        pending.removeAll(keepingCapacity: true)
    }
}
