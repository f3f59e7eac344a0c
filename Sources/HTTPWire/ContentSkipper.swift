/// Discards a request's content, which no resource uses, so that it is not taken for the next request.
struct ContentSkipper: Sendable {
    private enum State {
        case counting(remaining: Int)
        case chunkSize(value: Int, hasDigits: Bool)
        /// Blanks before an extension.
        case chunkSizeBlank(value: Int)
        case chunkExtension
        case chunkSizeLineFeed(value: Int)
        case chunkData(remaining: Int)
        case chunkDataReturn
        case chunkDataLineFeed
        case trailerStart
        case trailer
        case trailerLineFeed
        case lastLineFeed
    }

    private var state: State
    private var size = 0
    /// Bytes that may still be discarded, including chunk sizes and trailers.
    private var allowance: Int

    /// - Parameter limit: the most bytes that are discarded, including the framing.
    init(_ framing: RequestHead.Framing, limit: Int) throws(RequestError) {
        allowance = limit
        switch framing {
        case .none: state = .counting(remaining: 0)
        case .length(let length):
            guard length <= limit else { throw .contentTooLarge }
            state = .counting(remaining: length)
        case .chunked: state = .chunkSize(value: 0, hasDigits: false)
        }
    }

    /// The number of `bytes` that belong to the content if it ends in them; nil if it continues.
    mutating func skip(_ bytes: Bytes) throws(RequestError) -> Int? {
        var index = 0
        while true {
            if case .counting(0) = state { return index }
            guard index < bytes.count else { return nil }
            if let bulk = takeBulk(bytes.count - index) {
                index += bulk
                allowance -= bulk
            } else {
                if try step(bytes[index]) { return index + 1 }
                index += 1
                allowance -= 1
            }
            guard allowance >= 0 else { throw .contentTooLarge }
        }
    }

    /// Skips data of known length, and returns how many of the `available` bytes it takes.
    private mutating func takeBulk(_ available: Int) -> Int? {
        switch state {
        case .counting(let remaining):
            let taken = min(remaining, available)
            state = .counting(remaining: remaining - taken)
            return taken
        case .chunkData(let remaining):
            let taken = min(remaining, available)
            state = taken == remaining ? .chunkDataReturn : .chunkData(remaining: remaining - taken)
            return taken
        default:
            return nil
        }
    }

    /// Takes one byte of chunk framing (RFC 9112 §7.1); true for the last byte of the content.
    private mutating func step(_ byte: UInt8) throws(RequestError) -> Bool {
        switch state {
        case .counting, .chunkData:
            break
        case .chunkSize(let value, let hasDigits):
            if let digit = Grammar.hexValue(byte), value < 1 << 28 {
                state = .chunkSize(value: value << 4 | Int(digit), hasDigits: true)
            } else if hasDigits, byte == Grammar.carriageReturn {
                state = .chunkSizeLineFeed(value: value)
            } else if hasDigits {
                try beginExtension(byte, value)
            } else {
                throw .malformedChunk
            }
        case .chunkSizeBlank(let value):
            try beginExtension(byte, value)
        case .chunkExtension:
            if byte == Grammar.carriageReturn {
                state = .chunkSizeLineFeed(value: size)
            } else if !Grammar.isFieldValue(byte) {
                throw .malformedChunk
            }
        case .chunkSizeLineFeed(let value):
            try expect(Grammar.lineFeed, byte)
            state = value == 0 ? .trailerStart : .chunkData(remaining: value)
        case .chunkDataReturn:
            try expect(Grammar.carriageReturn, byte)
            state = .chunkDataLineFeed
        case .chunkDataLineFeed:
            try expect(Grammar.lineFeed, byte)
            state = .chunkSize(value: 0, hasDigits: false)
        case .trailerStart where byte == Grammar.carriageReturn:
            state = .lastLineFeed
        case .trailerStart, .trailer:
            if byte == Grammar.carriageReturn {
                state = .trailerLineFeed
            } else {
                guard Grammar.isFieldValue(byte) else { throw .malformedChunk }
                state = .trailer
            }
        case .trailerLineFeed:
            try expect(Grammar.lineFeed, byte)
            state = .trailerStart
        case .lastLineFeed:
            try expect(Grammar.lineFeed, byte)
            return true
        }
        return false
    }

    private mutating func beginExtension(_ byte: UInt8, _ value: Int) throws(RequestError) {
        switch byte {
        case UInt8(ascii: ";"):
            size = value
            state = .chunkExtension
        case Grammar.space, UInt8(ascii: "\t"): state = .chunkSizeBlank(value: value)
        default: throw .malformedChunk
        }
    }

    private func expect(_ expected: UInt8, _ byte: UInt8) throws(RequestError) {
        guard byte == expected else { throw .malformedChunk }
    }
}
