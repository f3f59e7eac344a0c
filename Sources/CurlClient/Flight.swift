import HTTPClient

/// A running request. Not Sendable: the client owns it.
final class Flight {
    /// A plain connection has an empty response.
    typealias Outcome = Result<Response, TransferFailure>

    /// The completion handler, called once.
    enum Completion {
        case response(@Sendable (Outcome) -> Void)
        case connection(@Sendable (TransferFailure?) -> Void)
        /// The dialogue that is held on the connection once it is made.
        case dialogue(Talk, @Sendable (Result<[UInt8], TransferFailure>) -> Void)

        func end(_ outcome: Outcome) {
            switch (self, outcome) {
            case (.response(let ended), _): ended(outcome)
            case (.dialogue(_, let ended), _): ended(outcome.map(\.body))
            case (.connection(let ended), .success): ended(nil)
            case (.connection(let ended), .failure(let failure)): ended(failure)
            }
        }
    }

    let id: Int
    let url: URL
    let key: String?
    let limit: Duration
    let completion: Completion
    /// The place for messages: the host, or its addresses once they are known.
    var place: String
    /// nil after the end.
    var transfer: Transfer?

    init(_ id: Int, _ url: URL, key: String?, limit: Duration, _ completion: Completion) {
        self.id = id
        self.url = url
        self.key = key
        self.limit = limit
        self.completion = completion
        place = url.place
    }

    var talk: Talk? {
        if case .dialogue(let talk, _) = completion { talk } else { nil }
    }
}

extension URL {
    /// An address of the host, with the port.
    func place(at address: String) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
