package import HTTPClient
import Time

/// Why a target or a service is down. Closed: each case has one code, which is stable, and one text.
package enum Reason: Sendable, Equatable {
    /// There was no connection, or no complete response.
    case transfer(TransferFailure)
    /// The deadline of the whole check, shorter than the probe's own timeout, came first.
    case deadline(limit: Duration)
    case status(Int, expected: StatusSet, words: ResponseWords = .none)
    case body(BodyMismatch)
    /// The server is not ready, as another instance of its ring is not well.
    case peer(Int, words: ResponseWords)
    /// The response is here, and its body was still being matched when the limit was over.
    case matching(limit: Duration)
    /// The response is here, and healthz could not judge it.
    case unjudged(detail: String)
    /// Of a service with instances: too few of them are healthy.
    case instances(healthy: Int, of: Int, required: Int)

    package var cause: FailureCause {
        switch self {
        case .transfer(let failure): failure.cause
        case .deadline: .deadline
        case .status: .status
        case .body: .body
        case .peer: .peer
        case .matching: .timeout
        case .unjudged: .internalError
        case .instances: .instances
        }
    }

    /// The API's `reason`.
    package var code: String { cause.rawValue }
}

extension Reason: CustomStringConvertible {
    /// One line for a person, without the code.
    package var description: String {
        switch self {
        case .transfer(.internalError(let detail)), .unjudged(let detail): "healthz could not make the probe: \(detail)"
        case .transfer(let failure): failure.description
        case .deadline(let limit): "no complete response when the check's deadline of \(limit.brief) came"
        case .status(let status, let expected, let words): words.sentence(status, expected: expected)
        case .body(let mismatch): mismatch.description
        case .peer(let status, let words):
            "answered \(status), as another instance is not well" + (words.body.map { ": \($0)" } ?? "")
        case .matching(let limit):
            "connected, but waited for its body to be matched until the \(limit.brief) timeout"
        case .instances(let healthy, let all, let required):
            "\(healthy) of \(all) instances \(healthy == 1 ? "is" : "are") healthy, \(required) required"
        }
    }
}
