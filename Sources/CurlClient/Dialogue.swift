import HTTPClient

/// What the client says on a connection of another protocol than HTTP, and when it has heard enough.
package struct Dialogue: Sendable {
    package enum Step: Sendable, Equatable {
        /// More has to come from the server.
        case read
        case send([UInt8])
        case end
    }

    /// In bytes: no more is read than this.
    static let limit = 64 * 1024

    /// Pure. Given all that has come so far, and how often something was sent.
    package let next: @Sendable (_ received: [UInt8], _ sent: Int) -> Step

    package init(next: @escaping @Sendable (_ received: [UInt8], _ sent: Int) -> Step) {
        self.next = next
    }
}

/// A dialogue that is under way. Not Sendable: its flight owns it.
final class Talk {
    private let dialogue: Dialogue
    private var received: [UInt8] = []
    private var sent = 0

    init(_ dialogue: Dialogue) {
        self.dialogue = dialogue
    }

    /// Goes as far as it gets without waiting.
    /// - Returns: nil if it has to wait for the server.
    func advance(on transfer: Transfer) -> Flight.Outcome? {
        while received.count <= Dialogue.limit {
            switch dialogue.next(received, sent) {
            case .end: return .success(Response(status: 0, body: received))
            case .send(let bytes):
                guard transfer.send(bytes) else { return .failure(.reset(during: .response)) }
                sent += 1
            case .read:
                switch transfer.read() {
                case .nothing: return nil
                case .bytes(let bytes): received += bytes
                case .end: return .failure(received.isEmpty ? .empty : .incomplete)
                case .failed: return .failure(.reset(during: received.isEmpty ? .response : .restOfResponse))
                }
            }
        }
        return .failure(.tooLarge(limit: Dialogue.limit))
    }
}
