import HTTPTypes
import HTTPWire

/// All that can happen to a connection, in the order that the input says, a byte an event: whatever it is, one answer at a
/// time is asked for, a closed connection stays closed, and after a refusal nothing is answered.
struct EventRun {
    private var machine: ConnectionMachine
    /// Asked for, and not given yet.
    private var awaited: Response?
    private var hasRefused = false
    private var hasClosed = false
    private var lingers = false
    private var inputHasEnded = false
    private var keepsAlive = true

    init(machine: ConnectionMachine) {
        self.machine = machine
    }

    static func check(_ bytes: [UInt8], acceptsProxyHeader: Bool) {
        var run = EventRun(machine: InputRun.machine(acceptsProxyHeader: acceptsProxyHeader))
        var rest = bytes[...]
        while let event = rest.popFirst() { run.happen(event, &rest) }
    }

    private mutating func happen(_ event: UInt8, _ rest: inout ArraySlice<UInt8>) {
        switch event % 8 {
        case 0, 1, 2:
            guard !inputHasEnded else { return }
            let length = Int(event / 8) + 1
            let piece = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            // The server reads nothing while it answers, but may have read before.
            take(machine.received(piece.span))
        case 3: answer()
        case 4: take(machine.deadlinePassed())
        case 5:
            inputHasEnded = true
            take(machine.inputEnded())
        case 6:
            keepsAlive = false
            take(machine.stopKeepingAlive())
        default:
            guard hasClosed, !lingers else { return }
            hasClosed = false
            take(machine.inputIsUnread())
        }
    }

    private mutating func answer() {
        guard let response = awaited else { return }
        awaited = nil
        var output: [UInt8] = []
        let next = machine.answer(response, date: HTTPDate(seconds: 0), keepAlive: keepsAlive, into: &output)
        precondition(output.starts(with: "HTTP/1.".utf8))
        if hasRefused || !keepsAlive { precondition(next == .close || next == .linger) }
        take(next)
    }

    private mutating func take(_ action: ConnectionMachine.Action) {
        if hasClosed { precondition(action == .close || action == .read) }
        switch action {
        case .read: break
        case .answer, .refuse:
            precondition(awaited == nil && !hasRefused && !lingers)
            precondition(machine.phase == .answering)
            if case .refuse(let error) = action {
                hasRefused = true
                awaited = .refusal(error)
            } else {
                awaited = .text(.ok, "ok\n")
            }
        case .close:
            // Given up: nobody waits for the answer any more.
            awaited = nil
            hasClosed = true
            precondition(machine.phase == .closed)
        case .linger:
            precondition(awaited == nil)
            lingers = true
        }
    }
}
