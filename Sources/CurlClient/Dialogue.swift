import HTTPClient

/// A dialogue in another protocol than HTTP: the bytes that the client sends, and when it has received enough.
package struct Dialogue: Sendable {
    package enum Step: Sendable, Equatable {
        /// Wait for more from the server.
        case read
        case send([UInt8])
        case end
    }

    /// The most bytes that are read.
    static let limit = 64 * 1024

    /// A pure function of all bytes received so far and the number of messages sent.
    package let next: @Sendable (_ received: [UInt8], _ sent: Int) -> Step

    package init(next: @escaping @Sendable (_ received: [UInt8], _ sent: Int) -> Step) {
        self.next = next
    }
}

/// A running dialogue. Not Sendable: its flight owns it.
final class Talk {
    private let dialogue: Dialogue
    private var received: [UInt8] = []
    private var sent = 0

    init(_ dialogue: Dialogue) {
        self.dialogue = dialogue
    }

    /// Continues until it has to wait for the server.
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
