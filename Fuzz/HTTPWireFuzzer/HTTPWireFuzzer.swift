import HTTPTypes
import HTTPWire

/// Feeds a connection machine with the input, once whole and once in the pieces that the first byte asks for, and answers
/// all that it asks to be answered: both must come to the same, and nothing is answered after a refusal.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let whole = Run(bytes, piece: bytes.count)
    let pieces = Run(bytes, piece: Int(start[0]) % 7 + 1)
    precondition(whole.told == pieces.told)
    return 0
}

/// One connection's life.
private struct Run {
    private(set) var told: [String] = []

    init(_ bytes: [UInt8], piece: Int) {
        var machine = ConnectionMachine()
        var rest = bytes[...]
        while !rest.isEmpty {
            let next = Array(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            guard act(machine.received(next.span), &machine) else { return }
        }
        _ = act(machine.inputEnded(), &machine)
    }

    /// - Returns: whether the connection goes on.
    private mutating func act(_ first: ConnectionMachine.Action, _ machine: inout ConnectionMachine) -> Bool {
        var action = first
        while true {
            var output: [UInt8] = []
            switch action {
            case .read: return true
            case .close, .linger: return false
            case .answer(let head):
                precondition(told.last != "refused")
                told.append("answered \(head.method.rawValue) \(head.target)")
                let response = Response.text(.ok, "ok\n")
                action = machine.answer(response, date: HTTPDate(seconds: 0), keepAlive: true, into: &output)
            case .refuse(let error):
                // What cannot become a request line is refused before it ends, then with another reason.
                told.append("refused")
                action = machine.answer(.refusal(error), date: HTTPDate(seconds: 0), keepAlive: true, into: &output)
                precondition(action == .close || action == .linger)
            }
            precondition(output.starts(with: "HTTP/1.".utf8))
        }
    }
}
