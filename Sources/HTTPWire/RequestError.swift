package import HTTPTypes

/// Why a request is refused. Then the connection is closed, because its framing is not trusted any more.
package enum RequestError: Error, Sendable, Hashable, CaseIterable {
    case malformedRequestLine
    case malformedTarget
    case malformedField
    case malformedLineEnd
    case malformedHost
    case malformedContentLength
    case malformedChunk
    case malformedProxyHeader
    case unexpectedProxyHeader
    case conflictingFraming
    case unframedContent
    case timeout
    case contentTooLarge
    case requestLineTooLong
    case expectationFailed
    case misdirected
    case tooManyFields
    case headTooLarge
    case unsupportedMethod
    case unsupportedTransferCoding
    case unsupportedVersion

    package var status: HTTPResponse.Status {
        switch self {
        case .malformedRequestLine, .malformedTarget, .malformedField, .malformedLineEnd, .malformedHost,
            .malformedContentLength, .malformedChunk, .malformedProxyHeader, .unexpectedProxyHeader,
            .conflictingFraming, .unframedContent:
            .badRequest
        case .timeout: .requestTimeout
        case .contentTooLarge: .contentTooLarge
        case .requestLineTooLong: .uriTooLong
        case .expectationFailed: .expectationFailed
        case .misdirected: .misdirectedRequest
        case .tooManyFields, .headTooLarge: .requestHeaderFieldsTooLarge
        case .unsupportedMethod, .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        }
    }
}

extension RequestError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedRequestLine: "the request line is not METHOD SP TARGET SP HTTP/1.1"
        case .malformedTarget: "the request target is not valid"
        case .malformedField: "a field line is not valid"
        case .malformedLineEnd: "a line does not end with CRLF"
        case .malformedHost: "exactly one valid Host field is needed"
        case .malformedContentLength: "Content-Length is not one number"
        case .malformedChunk: "the chunked content is not valid"
        case .malformedProxyHeader: "the PROXY protocol header is not valid"
        case .unexpectedProxyHeader:
            "the connection begins with a PROXY protocol header, which is not accepted here (proxy_protocol)"
        case .conflictingFraming: "Transfer-Encoding does not go with Content-Length or with HTTP/1.0"
        case .unframedContent: "the last transfer coding is not chunked"
        case .timeout: "the request did not come in time"
        case .contentTooLarge: "the request's content is too large"
        case .requestLineTooLong: "the request line is too long"
        case .expectationFailed: "the only expectation served is 100-continue"
        case .misdirected: "https is not served here: this connection is not secured"
        case .tooManyFields: "there are too many field lines"
        case .headTooLarge: "the request's head is too large"
        case .unsupportedMethod: "the method is not served"
        case .unsupportedTransferCoding: "the only transfer coding served is chunked"
        case .unsupportedVersion: "the only HTTP versions served are 1.0 and 1.1"
        }
    }
}
