package import Health

/// What to do next in a dialogue with a database server.
package enum DatabaseStep: Sendable, Equatable {
    case read
    case send([UInt8])
    case verdict(Verdict)
}

/// A client without a password: the server refuses it, and by that shows that it takes clients.
extension Database {
    /// The user that is named. It need not exist.
    static let user = "healthz"

    /// - Parameters:
    ///   - received: all that has come so far.
    ///   - sent: how often something was sent.
    package func next(_ received: [UInt8], sent: Int) -> DatabaseStep {
        switch self {
        case .mysql: MySQLDialogue.next(received, sent: sent)
        case .postgres: PostgreSQLDialogue.next(received, sent: sent)
        }
    }

    /// Of a dialogue that is at its end.
    package func verdict(on received: [UInt8]) -> Verdict {
        // After as many messages as there can be, nothing more is sent.
        for sent in 0...MySQLDialogue.messages {
            if case .verdict(let verdict) = next(received, sent: sent) { return verdict }
        }
        return alien(received)
    }

    func alien(_ received: [UInt8]) -> Verdict {
        .down(.alien(self, beginning: Excerpt(quoting: String(decoding: received.prefix(40), as: UTF8.self))))
    }

    /// - Parameter message: in the server's words.
    func refusal(_ code: String, _ message: some Sequence<UInt8>) -> Verdict {
        let text = String(decoding: Array(message.prefix(ResponseWords.keptBody)), as: UTF8.self)
        return .down(.database(self, words: "\(code) \(Excerpt(quoting: text))"))
    }
}
