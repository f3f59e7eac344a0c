import CCurl
import CSystem
import HTTPClient
import Health
import Time

/// One easy handle for one request, its options set once and used for each probe of it. Not Sendable: the prober's own.
final class Transfer {
    /// The most of a response that is read, head and body together.
    static let byteLimit = 64 * 1024
    /// In milliseconds.
    private static let day = 24 * 3600 * 1000
    private static let stepsOfAnAnswer = 8
    /// What may be left waiting: more than a response within `byteLimit` can be, in chunks or encrypted.
    private static let waitingLimit = 8 * byteLimit

    /// How libcurl gets to know where to connect.
    enum Addressing {
        /// It does, from the URL.
        case known
        /// By this address, as the URL has the name that the certificate shall be for.
        case given(String)
        /// By the addresses of this name, which somebody has to look up.
        case name(String)
    }

    let request: Request
    let addressing: Addressing
    /// The probe that it is used for, in its owner's numbers.
    var flight = 0
    let easy: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var addresses: UnsafeMutablePointer<curl_slist>?
    private var fields: UnsafeMutablePointer<curl_slist>?

    private let keepsBody: Bool
    /// As far as it has come, where it is kept.
    private(set) var body: [UInt8] = []
    private(set) var received = 0
    /// How often libcurl has told of progress since the response began.
    private var steps = 0
    /// What was left waiting in the socket each time, after the first few.
    private var leftWaiting = 0
    /// libcurl tells the time of the connection only when the TLS handshake is over as well; but it waits for input
    /// on no socket that is not connected.
    private(set) var hasConnected = false
    private(set) var head = ResponseHead()
    /// The one that libcurl waits on, and all that were opened: attempts at several addresses race.
    private var socket: Int32 = -1
    private var opened: [Int32] = []
    private let kept: KeptConnections

    /// nil where libcurl is out of memory or cannot do what is needed.
    /// - Parameter kept: of the multi handle that it will be added to.
    init?(_ request: Request, keepsBody: Bool, userAgent: String, kept: KeptConnections) {
        guard let easy = curl_easy_init() else { return nil }
        self.request = request
        addressing = Transfer.addressing(request)
        self.easy = easy
        self.keepsBody = keepsBody
        self.kept = kept
        guard configure(userAgent: userAgent) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(addresses)
        curl_slist_free_all(fields)
        errorText.deallocate()
    }

    private static func addressing(_ request: Request) -> Addressing {
        let host = request.url.host
        if request.url.socketPath != nil { return .known }
        guard Resolver.isAddress(host) else { return .name(host) }
        return request.tls.serverName == nil ? .known : .given(host)
    }

    /// Makes the handle ready for another probe.
    /// - Parameter addresses: of the URL's host, where it is a name.
    func prepare(limit: Duration, addresses found: [String]) -> Bool {
        received = 0
        steps = 0
        leftWaiting = 0
        body = []
        hasConnected = false
        head = ResponseHead()
        socket = -1
        opened = []
        errorText[0] = 0
        guard !found.isEmpty else { return true }
        // libcurl divides this among the addresses, so that one that keeps silent leaves time for the next. The whole
        // has its deadline with the prober.
        guard set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(limit.milliseconds.rounded(.up)))) else { return false }
        let list = found.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
        let entry = curl_slist_append(nil, "\(verifiedHost):\(url.port):\(list)")
        guard let entry, healthz_easy_set_list(easy, CURLOPT_RESOLVE, entry) == CURLE_OK else {
            curl_slist_free_all(entry)
            return false
        }
        curl_slist_free_all(addresses)
        addresses = entry
        return true
    }

    private var url: URL { request.url }

    /// The host that libcurl sees: the one that the certificate shall be for.
    private var verifiedHost: String { request.tls.serverName ?? url.host }

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

    func waitsForInput(on socket: Int32) {
        hasConnected = true
        self.socket = socket
    }

    /// What a probe that has connected is waiting for.
    var phase: ProbeFailure.Phase {
        if received > 0 { return .restOfResponse }
        return url.scheme == .https && offset(CURLINFO_APPCONNECT_TIME_T) == 0 ? .handshake : .response
    }

    var isTooLarge: Bool { received > Transfer.byteLimit || leftWaiting > Transfer.waitingLimit }

    /// libcurl has read what it wanted for now. What it passes over (chunk extensions) it shows nobody, so a stream of
    /// that is noticed by how it fills the socket.
    private func progressed() -> Bool {
        guard received > 0 else { return true }
        steps += 1
        // An answer has mostly ended by then.
        if steps > Transfer.stepsOfAnAnswer { leftWaiting += Int(healthz_unread(socket)) }
        return !isTooLarge
    }

    /// A UNIX socket's ends have no names to know it by, and a new connection there costs next to nothing.
    var keepsConnection: Bool { request.reusesConnection && url.socketPath == nil }

    private func configure(userAgent: String) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let host = verifiedHost.contains(":") ? "[\(verifiedHost)]" : verifiedHost
        let scheme: URL.Scheme = url.scheme == .https ? .https : .http
        return set(CURLOPT_URL, "\(scheme.rawValue)://\(host):\(url.port)\(url.target)")
            && set(CURLOPT_USERAGENT, userAgent)
            && set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            // Exactly this resource: "/.." is the configuration's business, a redirect is an answer like another.
            && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_FOLLOWLOCATION, 0)
            // Not even one from the environment.
            && set(CURLOPT_PROXY, "")
            // Else, a health check must prove that new connections are accepted, and that the certificate is good now.
            && set(CURLOPT_FRESH_CONNECT, keepsConnection ? 0 : 1)
            && set(CURLOPT_FORBID_REUSE, keepsConnection ? 0 : 1)
            && set(CURLOPT_SSL_SESSIONID_CACHE, keepsConnection ? 1 : 0)
            && (!keepsConnection || watchKeptConnections(context))
            && set(CURLOPT_NOSIGNAL, 1)
            // Never: the prober ends what takes too long, and knows when it was not the target that stood still.
            && set(CURLOPT_TIMEOUT_MS, 0)
            && set(CURLOPT_CONNECTTIMEOUT_MS, Transfer.day)
            && set(CURLOPT_NOPROGRESS, 0)
            && healthz_easy_set_progress_function(easy, Transfer.progressed, context) == CURLE_OK
            && set(CURLOPT_CONNECT_ONLY, url.scheme == .tcp ? 1 : 0)
            && setMethod() && setFields() && setCredentials() && setSocketPath() && setTLS()
            && healthz_easy_set_pointer(easy, CURLOPT_PRIVATE, context) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText) == CURLE_OK
            && healthz_easy_set_write_function(easy, CURLOPT_WRITEFUNCTION, Transfer.bodyCame) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_WRITEDATA, context) == CURLE_OK
            && healthz_easy_set_write_function(easy, CURLOPT_HEADERFUNCTION, Transfer.headerLineCame) == CURLE_OK
            && healthz_easy_set_pointer(easy, CURLOPT_HEADERDATA, context) == CURLE_OK
    }

    private func watchKeptConnections(_ context: UnsafeMutableRawPointer) -> Bool {
        healthz_easy_set_sockopt_function(easy, Transfer.socketWasOpened, context) == CURLE_OK
            && healthz_easy_set_prereq_function(easy, Transfer.requestIsNext, context) == CURLE_OK
    }

    private func setMethod() -> Bool {
        switch request.method {
        case .head: set(CURLOPT_NOBODY, 1)
        case .post:
            set(CURLOPT_POST, 1) && set(CURLOPT_POSTFIELDSIZE, request.content?.count ?? 0)
                && set(CURLOPT_COPYPOSTFIELDS, String(decoding: request.content ?? [], as: UTF8.self))
        default: true
        }
    }

    private func setFields() -> Bool {
        var lines = request.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        func adds(_ name: String) -> Bool { !request.fields.contains { $0.name.lowercased() == name } }
        if request.tls.serverName != nil, adds("host") { lines.append("Host: \(url.authority)") }
        // libcurl would call any content a form, and ask whether it may send it.
        if request.method == .post {
            lines.append("Expect:")
            if adds("content-type") { lines.append("Content-Type:") }
        }
        for line in lines {
            guard let next = curl_slist_append(fields, line) else { return false }
            fields = next
        }
        return fields.map { healthz_easy_set_list(easy, CURLOPT_HTTPHEADER, $0) == CURLE_OK } ?? true
    }

    private func setCredentials() -> Bool {
        guard let credentials = url.credentials else { return true }
        return set(CURLOPT_USERNAME, credentials.user) && set(CURLOPT_PASSWORD, credentials.password)
            && set(CURLOPT_HTTPAUTH, 1 /* CURLAUTH_BASIC, a macro that Swift cannot see */)
    }

    private func setSocketPath() -> Bool {
        url.socketPath.map { set(CURLOPT_UNIX_SOCKET_PATH, $0) } ?? true
    }

    private func setTLS() -> Bool {
        let tls = request.tls
        if let authorities = tls.authorities {
            // Else the system's authorities would be trusted as well.
            guard healthz_easy_set_string(easy, CURLOPT_CAPATH, nil) == CURLE_OK,
                set(CURLOPT_CAINFO_BLOB, authorities)
            else { return false }
        }
        // A key that is encrypted after all shall fail, and not ask at a terminal.
        guard tls.key == nil && tls.certificate == nil || set(CURLOPT_KEYPASSWD, "") else { return false }
        return (tls.certificate.map { set(CURLOPT_SSLCERT_BLOB, $0) } ?? true)
            && (tls.key.map { set(CURLOPT_SSLKEY_BLOB, $0) } ?? true)
            && set(CURLOPT_SSL_VERIFYPEER, tls.isVerified ? 1 : 0)
            && set(CURLOPT_SSL_VERIFYHOST, tls.isVerified ? 2 : 0)
    }

    private func set(_ option: CURLoption, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { healthz_easy_set_blob(easy, option, $0.baseAddress, $0.count) == CURLE_OK }
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
        if keepsBody, !isHeader, !isTooLarge {
            body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        }
        if isHeader { head.took(UnsafeRawBufferPointer(start: bytes, count: count), status: status) }
        // Anything but `count` makes libcurl end the transfer.
        return isTooLarge || head.isAmbiguous ? 0 : count
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

    private static let progressed: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context else { return 1 }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().progressed() ? 0 : 1
    }

    private static let socketWasOpened: curl_sockopt_callback = { context, socket, _ in
        if let context { Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().opened.append(socket) }
        return CURL_SOCKOPT_OK
    }

    private static let requestIsNext: curl_prereq_callback = { context, address, localAddress, port, localPort in
        guard let context, let address, let localAddress else { return CURL_PREREQFUNC_ABORT }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let connection = KeptConnections.Ends(
            localAddress: String(cString: localAddress), localPort: Int(localPort), address: String(cString: address),
            port: Int(port))
        if transfer.long(CURLINFO_NUM_CONNECTS) == 0 {
            transfer.kept.endIfUnclean(connection)
        } else {
            transfer.kept.note(connection, among: transfer.opened)
        }
        return CURL_PREREQFUNC_OK
    }
}
