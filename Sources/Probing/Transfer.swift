import CCurl
import Health

/// One easy handle for one URL, its options set once and used for each probe of it. Not Sendable: the prober's own.
final class Transfer {
    /// The most of a response that is read, head and body together.
    static let byteLimit = 64 * 1024

    let url: ProbeURL
    let easy: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var addresses: UnsafeMutablePointer<curl_slist>?

    private(set) var received = 0
    /// libcurl tells the time of the connection only when the TLS handshake is over as well; but it waits for input
    /// on no socket that is not connected.
    private(set) var hasConnected = false
    /// The empty line after the fields of a final response has come: libcurl takes a close before it for the end.
    private(set) var headIsComplete = false

    /// nil where libcurl is out of memory or cannot do what is needed.
    init?(_ url: ProbeURL, userAgent: String) {
        guard let easy = curl_easy_init() else { return nil }
        self.url = url
        self.easy = easy
        guard configure(userAgent: userAgent) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(addresses)
        errorText.deallocate()
    }

    /// Makes the handle ready for another probe.
    /// - Parameter addresses: of the URL's host, where it is a name.
    func prepare(limit: Duration, addresses found: [String]) -> Bool {
        received = 0
        hasConnected = false
        headIsComplete = false
        errorText[0] = 0
        // Zero would be no limit at all.
        let milliseconds = max(1, Int(limit.milliseconds.rounded(.up)))
        guard set(CURLOPT_TIMEOUT_MS, milliseconds), set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds) else { return false }
        guard !found.isEmpty else { return true }
        let list = found.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
        let entry = curl_slist_append(nil, "\(url.host):\(url.port):\(list)")
        guard let entry, healthz_easy_set_list(easy, CURLOPT_RESOLVE, entry) == CURLE_OK else {
            curl_slist_free_all(entry)
            return false
        }
        curl_slist_free_all(addresses)
        addresses = entry
        return true
    }

    /// libcurl's own words on what went wrong, or nothing.
    var errorDetail: String { String(cString: errorText) }

    var status: Int { long(CURLINFO_RESPONSE_CODE) }

    /// errno(3) of the last connect that failed.
    var systemError: Int32 { Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)) }

    /// The transfer that an easy handle belongs to.
    static func of(_ easy: UnsafeMutableRawPointer?) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        guard let easy, healthz_easy_get_private(easy, &context) == CURLE_OK, let context else { return nil }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    func waitsForInput() {
        hasConnected = true
    }

    /// What a probe that has connected is waiting for.
    var phase: ProbeFailure.Phase {
        if received > 0 { return .restOfResponse }
        return url.scheme == .https && offset(CURLINFO_APPCONNECT_TIME_T) == 0 ? .handshake : .response
    }

    var isTooLarge: Bool { received > Transfer.byteLimit }

    private func configure(userAgent: String) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        return set(CURLOPT_URL, "\(url.scheme.rawValue)://\(host):\(url.port)\(url.target)")
            && set(CURLOPT_USERAGENT, userAgent)
            && set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            // Exactly this resource: "/.." is the configuration's business, a redirect is an answer like another.
            && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_FOLLOWLOCATION, 0)
            // Not even one from the environment.
            && set(CURLOPT_PROXY, "")
            // A health check must prove that new connections are accepted, and that the certificate is good now.
            && set(CURLOPT_FRESH_CONNECT, 1)
            && set(CURLOPT_FORBID_REUSE, 1)
            && set(CURLOPT_SSL_SESSIONID_CACHE, 0)
            && set(CURLOPT_NOSIGNAL, 1)
            && setCredentials() && setSocketPath()
            && healthz_easy_set_pointer(easy, CURLOPT_PRIVATE, context) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText) == CURLE_OK
            && healthz_easy_set_write_function(easy, CURLOPT_WRITEFUNCTION, Transfer.bodyCame) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_WRITEDATA, context) == CURLE_OK
            && healthz_easy_set_write_function(easy, CURLOPT_HEADERFUNCTION, Transfer.headerLineCame) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_HEADERDATA, context) == CURLE_OK
    }

    private func setCredentials() -> Bool {
        guard let credentials = url.credentials else { return true }
        return set(CURLOPT_USERNAME, credentials.user) && set(CURLOPT_PASSWORD, credentials.password)
            && set(CURLOPT_HTTPAUTH, 1 /* CURLAUTH_BASIC, a macro that Swift cannot see */)
    }

    private func setSocketPath() -> Bool {
        url.socketPath.map { set(CURLOPT_UNIX_SOCKET_PATH, $0) } ?? true
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        healthz_easy_set_long(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        healthz_easy_set_string(easy, option, value) == CURLE_OK
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        return healthz_easy_get_long(easy, info, &value) == CURLE_OK ? value : 0
    }

    private func offset(_ info: CURLINFO) -> curl_off_t {
        var value: curl_off_t = 0
        return healthz_easy_get_offset(easy, info, &value) == CURLE_OK ? value : 0
    }

    private func took(_ bytes: UnsafePointer<CChar>?, _ count: Int, isHeader: Bool) -> Int {
        received += count
        if isHeader, count == 2, let bytes, bytes[0] == 13, bytes[1] == 10, status >= 200 { headIsComplete = true }
        // Anything but `count` makes libcurl end the transfer.
        return isTooLarge ? 0 : count
    }

    private static let bodyCame: healthz_write_function = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            .took(bytes, size * count, isHeader: false)
    }

    private static let headerLineCame: healthz_write_function = { bytes, size, count, context in
        guard let context else { return 0 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            .took(bytes, size * count, isHeader: true)
    }
}
