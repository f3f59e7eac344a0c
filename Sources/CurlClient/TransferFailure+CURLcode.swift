import CCurl
import EventLoop
import Glibc
import HTTPClient

extension TransferFailure {
    /// The only table from libcurl's results to causes.
    /// - Parameters:
    ///   - result: not CURLE_OK.
    ///   - place: the place of the server, for the message.
    ///   - limit: of the whole request.
    init(_ result: CURLcode, of transfer: Transfer, to place: String, limit: Duration) {
        self =
            switch result {
            case CURLE_COULDNT_RESOLVE_HOST:
                .dns(host: transfer.errand.url.host, detail: transfer.errorDetail)
            case CURLE_COULDNT_CONNECT:
                .connecting(transfer.systemError, to: place, limit: limit)
            case CURLE_OPERATION_TIMEDOUT:
                .outOfTime(transfer, to: place, limit: limit)
            case CURLE_GOT_NOTHING:
                .empty
            case CURLE_PARTIAL_FILE:
                .incomplete
            case CURLE_WRITE_ERROR where transfer.isTooLarge, CURLE_ABORTED_BY_CALLBACK where transfer.isTooLarge:
                .tooLarge(limit: transfer.byteLimit)
            case CURLE_WRITE_ERROR where transfer.head.isAmbiguous:
                .protocolError(detail: "its Content-Length is not one number")
            case CURLE_WRITE_ERROR where transfer.alienBytes != nil:
                .protocolError(detail: TransferFailure.beginning(transfer.alienBytes ?? []))
            case CURLE_OUT_OF_MEMORY where transfer.hasConnected, TransferFailure.lineTooLarge:
                // libcurl does not accept a field line of over 100 KiB, or a trailer of over 4 KiB.
                .tooLarge(limit: transfer.byteLimit)
            case CURLE_RECV_ERROR where TransferFailure.isChunkError(transfer):
                .protocolError(detail: TransferFailure.words(result, transfer))
            case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
                transfer.phase == .handshake
                    ? .tls(detail: TransferFailure.words(result, transfer)) : .reset(during: transfer.phase)
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP_RETURNED_ERROR,
                CURLE_BAD_CONTENT_ENCODING, CURLE_URL_MALFORMAT:
                .protocolError(detail: TransferFailure.words(result, transfer))
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
                CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
                .tls(detail: TransferFailure.tlsWords(result, transfer))
            default:
                .internalError(detail: TransferFailure.words(result, transfer))
            }
    }

    /// CURLE_TOO_LARGE, since libcurl 8.6. Before, libcurl reported such a line as a lack of memory.
    private static let lineTooLarge = CURLcode(rawValue: 100)

    /// The time limit is over. A missing connection and a missing response are two causes.
    static func outOfTime(_ transfer: Transfer, to place: String, limit: Duration) -> TransferFailure {
        transfer.hasConnected
            ? .timeout(limit: limit, waitingFor: transfer.phase) : .connectTimeout(place: place, limit: limit)
    }

    private static func connecting(_ code: Int32, to place: String, limit: Duration) -> TransferFailure {
        let error = SystemError.shortageOfDescriptors ?? SystemError(call: "connect", code: code)
        let reason = error.reason.lowercasedFirst
        return switch error.code {
        case ECONNREFUSED: .refused(place: place)
        // Connected, and reset before libcurl looked.
        case ECONNRESET, EPIPE: .reset(during: .response)
        case ETIMEDOUT: .connectTimeout(place: place, limit: limit)
        case _ where error.isShortage: .internalError(detail: reason)
        // socket(2) failed, and there is room again by now.
        case 0: .internalError(detail: "no socket could be opened")
        default: .unreachable(place: place, detail: reason)
        }
    }

    /// A malformed chunk has the same code as a reset connection; only the message differs.
    private static func isChunkError(_ transfer: Transfer) -> Bool {
        let detail = transfer.errorDetail
        return !detail.isEmpty && !detail.hasPrefix("Recv failure") && !detail.hasPrefix("OpenSSL")
    }

    /// The first bytes from a server of another protocol, such as a banner. A TLS server answers a plain request with
    /// a TLS alert (RFC 8446 §5.1).
    private static func beginning(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0x15, 0x03]) { return "it is a TLS alert; is it https://?" }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return "it begins with \"\(text)\""
    }

    /// OpenSSL takes the first bytes of a plain response for a record of another TLS version.
    private static func tlsWords(_ result: CURLcode, _ transfer: Transfer) -> String {
        let words = words(result, transfer)
        let isPlain = words.hasSuffix("wrong version number") || words.hasSuffix("packet length too long")
        return isPlain ? "no TLS there; is it http://? (\(words))" : words
    }

    private static func words(_ result: CURLcode, _ transfer: Transfer) -> String {
        let detail = transfer.errorDetail
        return detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
    }
}
