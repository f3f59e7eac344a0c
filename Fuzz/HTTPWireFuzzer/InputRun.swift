import HTTPTypes
import HTTPWire

/// One connection's life, as its input comes; all that it asks to be answered is answered at once, and nothing after a
/// refusal.
struct InputRun {
    /// - Parameter acceptsProxyHeader: whether the input may begin with a header of the PROXY protocol.
    static func machine(acceptsProxyHeader: Bool) -> ConnectionMachine {
        var limits = ConnectionMachine.Limits()
        limits.acceptsProxyHeader = acceptsProxyHeader
        return ConnectionMachine(limits: limits)
    }

    /// What it asked for, in order.
    private(set) var told: [String] = []

    init(_ bytes: [UInt8], piece: Int, acceptsProxyHeader: Bool) {
        var machine = InputRun.machine(acceptsProxyHeader: acceptsProxyHeader)
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
                told.append("\(head)")
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
