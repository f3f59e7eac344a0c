import HTTPWire

/// A head read whole and read as its bytes come: both must come to the same head and length, or both to a refusal.
enum ParserRun {
    static func check(_ bytes: [UInt8], piece: Int) {
        let whole = read(bytes, piece: max(1, bytes.count))
        let pieces = read(bytes, piece: piece)
        switch (whole, pieces) {
        case (.head(let one, let length), .head(let other, let otherLength)):
            precondition(one == other && length == otherLength && length <= bytes.count)
        // What cannot become a request line is refused before it ends, then with another reason.
        case (.refused, .refused), (.unfinished, .unfinished): break
        default: preconditionFailure("\(whole) and \(pieces)")
        }
    }

    private enum Outcome {
        /// All that is known of it, written out.
        case head(String, length: Int)
        case refused(RequestError)
        case unfinished
    }

    private static func read(_ bytes: [UInt8], piece: Int) -> Outcome {
        var parser = RequestParser()
        var end = 0
        while end < bytes.count {
            end = min(bytes.count, end + piece)
            do {
                let soFar = Array(bytes[..<end])
                if let (head, length) = try parser.parse(soFar.span) { return .head("\(head)", length: length) }
            } catch {
                return .refused(error)
            }
        }
        return .unfinished
    }
}
