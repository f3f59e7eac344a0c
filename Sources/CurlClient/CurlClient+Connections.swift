package import EventLoop
package import HTTPClient

/// Connections without HTTP requests.
extension CurlClient {
    /// Makes a TCP connection and closes it. To be called on the event loop.
    /// - Parameters:
    ///   - key: as in `send(_:reusing:within:ended:)`.
    ///   - ended: called on the event loop, once, with nil where the connection was made; maybe before this returns.
    package nonisolated func connect(
        to url: URL, reusing key: String?, within limit: Duration,
        ended: @escaping @Sendable (TransferFailure?) -> Void
    ) {
        assumeIsolated { $0.start(.connection(to: url), key: key, within: limit, .connection(ended)) }
    }

    /// Makes a TCP connection, has a dialogue on it, and closes it. To be called on the event loop.
    /// - Parameters:
    ///   - key: as in `send(_:reusing:within:ended:)`.
    ///   - ended: called on the event loop, once, with all received bytes when the dialogue has ended.
    package nonisolated func talk(
        to url: URL, _ dialogue: Dialogue, reusing key: String?, within limit: Duration,
        ended: @escaping @Sendable (Result<[UInt8], TransferFailure>) -> Void
    ) {
        assumeIsolated { $0.start(.dialogue(at: url), key: key, within: limit, .dialogue(Talk(dialogue), ended)) }
    }
}

extension CurlClient {
    /// A failure to set up the client.
    package enum SetupError: Error, CustomStringConvertible {
        case curl
        case system(SystemError)

        package var description: String {
            switch self {
            case .curl: "libcurl could not be initialised"
            case .system(let error): "the HTTP client could not be set up: \(error)"
            }
        }
    }
}
