package import HTTPClient
package import Time

/// Why a target or a service is down. The set is closed: each case has one stable code and one text.
package enum Reason: Sendable, Equatable {
    /// No connection, or no complete response.
    case transfer(TransferFailure)
    /// The deadline of the whole check came before the probe's own timeout.
    case deadline(limit: Duration)
    case status(Int, expected: StatusSet, words: ResponseWords = .none)
    /// A field of the response differs from the expectation.
    case header(BodyMismatch)
    case body(BodyMismatch)
    /// The server is not ready because another instance of its ring is not healthy.
    case peer(Int, words: ResponseWords)
    /// The response is as expected, but came later than `slow`.
    case slow(Duration, limit: Duration)
    /// A container is not in the expected state. `detail` follows "the container".
    case container(detail: String)
    /// A database server answers, but accepts no clients, or not this one. `words` is its message with its code.
    case database(Database, words: String)
    /// The response is not of that protocol.
    case alien(Database, beginning: Excerpt)
    /// Docker gives no answer about the container.
    case unknownContainer(detail: String)
    /// The response is as expected, but the server's certificate expires soon.
    case certificate(expiry: Timestamp, margin: Duration)
    /// The body of the response was still being judged at the end of the limit.
    case matching(limit: Duration)
    /// healthz could not judge the response.
    case unjudged(detail: String)
    /// Too few instances of a service are healthy.
    case instances(healthy: Int, of: Int, required: Int)

    package var cause: FailureCause {
        switch self {
        case .transfer(let failure): failure.cause
        case .deadline: .deadline
        case .status: .status
        case .header: .header
        case .body: .body
        case .peer: .peer
        case .slow: .slow
        case .certificate: .certificate
        case .container: .container
        case .database: .database
        case .alien: .protocolError
        case .unknownContainer: .unknown
        case .matching: .timeout
        case .unjudged: .internalError
        case .instances: .instances
        }
    }

    /// The API's `reason`.
    package var code: String { cause.rawValue }
}

extension Reason: CustomStringConvertible {
    /// One line for people, without the code.
    package var description: String {
        switch self {
        case .transfer(.internalError(let detail)), .unjudged(let detail): "healthz could not make the probe: \(detail)"
        case .transfer(let failure): failure.description
        case .deadline(let limit): "no complete response within the check's deadline of \(limit.brief)"
        case .status(let status, let expected, let words): words.sentence(status, expected: expected)
        case .header(let mismatch), .body(let mismatch): mismatch.description
        case .peer(let status, let words):
            "answered \(status) because another instance is not healthy" + (words.body.map { ": \($0)" } ?? "")
        case .slow(let duration, let limit): "took \(duration.brief) (slow: over \(limit.brief))"
        case .container(let detail): "the container \(detail)"
        case .database(let database, let words): "\(database.name) does not accept clients: \(words)"
        case .alien(let database, let beginning): "not a \(database.name) server; the response begins with \(beginning)"
        case .unknownContainer(let detail): "Docker does not tell the container's state: \(detail)"
        case .certificate(let expiry, let margin): "the certificate expires at \(expiry.rfc3339), within \(margin.days)"
        case .matching(let limit):
            "connected, but the body was still being judged at the \(limit.brief) timeout"
        case .instances(let healthy, let all, let required):
            "\(healthy) of \(all) instances \(healthy == 1 ? "is" : "are") healthy, \(required) required"
        }
    }
}

extension Duration {
    /// Such as `14 days`, where it is whole days.
    fileprivate var days: String {
        let count = self / .seconds(86_400)
        return count >= 1 && count == count.rounded() ? "\(Int(count)) \(count == 1 ? "day" : "days")" : brief
    }
}
