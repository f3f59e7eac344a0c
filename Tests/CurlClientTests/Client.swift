import CurlClient
import EventLoop
import HTTPClient

typealias URL = HTTPClient.URL

/// A response of the shortest kind.
let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

extension CurlClient {
    static func started() async throws -> CurlClient {
        let client = CurlClient(on: EventLoop(), userAgent: "healthz/test")
        try await client.start()
        return client
    }

    func result(
        of request: Request, reusing key: String? = nil, within limit: Duration = .seconds(20)
    ) async -> Result<Response, TransferFailure> {
        await withCheckedContinuation { continuation in
            send(request, reusing: key, within: limit) { continuation.resume(returning: $0) }
        }
    }

    /// Asks for a URL in the plainest way.
    func get(_ url: URL, within limit: Duration = .seconds(20)) async -> Result<Response, TransferFailure> {
        await result(of: Request(url), within: limit)
    }

    func failureToConnect(to url: URL, within limit: Duration = .seconds(20)) async -> TransferFailure? {
        await withCheckedContinuation { continuation in
            connect(to: url, reusing: "connection", within: limit) { continuation.resume(returning: $0) }
        }
    }
}

extension URL {
    /// On loopback.
    static func local(_ port: UInt16, _ target: String = "/", scheme: Scheme = .http) -> URL {
        URL(scheme: scheme, host: "127.0.0.1", port: Int(port), target: target)
    }
}

extension Result<Response, TransferFailure> {
    /// The status, or a word for the failure.
    var code: String {
        switch self {
        case .success(let response): "\(response.status)"
        case .failure(let failure): failure.word
        }
    }
}

extension TransferFailure {
    var word: String {
        switch self {
        case .dns: "dns"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .connectTimeout: "connect_timeout"
        case .timeout: "timeout"
        case .tls: "tls"
        case .reset: "reset"
        case .empty: "empty"
        case .incomplete: "incomplete"
        case .protocolError: "protocol"
        case .tooLarge: "too_large"
        case .internalError: "internal"
        }
    }
}
