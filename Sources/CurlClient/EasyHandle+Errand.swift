import CCurl
import Glibc
import HTTPClient

extension EasyHandle {
    /// In milliseconds.
    private static let day = 24 * 3600 * 1000

    /// Sets the options that are the same for each use of the handle.
    func configure(for errand: Errand, userAgent: String) throws(Refusal) {
        let request = errand.request
        try setURL(errand)
        try set(CURLOPT_USERAGENT, userAgent)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // Responses that are not HTTP must be visible; the transfer rejects them.
        try set(CURLOPT_HTTP09_ALLOWED, true)
        // Redirects are not followed.
        try set(CURLOPT_FOLLOWLOCATION, false)
        // No proxy, not even one from the environment.
        try set(CURLOPT_PROXY, "")
        // A new connection proves that new connections are accepted, and that the certificate is good now.
        try set(CURLOPT_FRESH_CONNECT, !errand.keepsConnection)
        // libcurl does not reuse a plain connection, and closes it when the transfer is removed.
        try set(CURLOPT_FORBID_REUSE, !errand.keepsConnection && !errand.staysOpen)
        try set(CURLOPT_SSL_SESSIONID_CACHE, errand.keepsConnection)
        try set(CURLOPT_NOSIGNAL, true)
        // No limit: the client ends late transfers, and knows whether the process stood still.
        try set(CURLOPT_TIMEOUT_MS, 0)
        try set(CURLOPT_CONNECTTIMEOUT_MS, EasyHandle.day)
        try set(CURLOPT_NOPROGRESS, false)
        try set(CURLOPT_CONNECT_ONLY, errand.isConnectionAlone)
        try setMethod(of: request)
        try setFields(of: errand)
        try setCredentials(request.url.credentials)
        if let path = request.url.socketPath { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
        try setTLS(request.tls)
    }

    private func setURL(_ errand: Errand) throws(Refusal) {
        let url = errand.url
        let host = errand.verifiedHost.contains(":") ? "[\(errand.verifiedHost)]" : errand.verifiedHost
        // libcurl has no tcp scheme: a plain connection uses http.
        let scheme = errand.isConnectionAlone && url.scheme == .tcp ? .http : url.scheme
        try set(CURLOPT_URL, "\(scheme.rawValue)://\(host):\(url.port)\(url.target)")
        // Do not normalise the path: a "/.." in the configuration is intended.
        try set(CURLOPT_PATH_AS_IS, true)
    }

    private func setMethod(of request: Request) throws(Refusal) {
        let method = request.method
        if method == .head {
            guard request.content == nil else { throw Refusal() }
            return try set(CURLOPT_NOBODY, true)
        }
        let sendsContent = request.sendsContent
        if sendsContent {
            try set(CURLOPT_POST, true)
            try setContent(request.content ?? [])
        }
        if method != (sendsContent ? .post : .get) { try set(CURLOPT_CUSTOMREQUEST, method.name) }
    }

    private func setFields(of errand: Errand) throws(Refusal) {
        let request = errand.request
        guard request.fields.allSatisfy({ $0.isValid }) else { throw Refusal() }
        var lines = request.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        func lacks(_ name: String) -> Bool { !request.fields.contains { $0.name.lowercased() == name } }
        if request.tls.serverName != nil, lacks("host") { lines.append("Host: \(request.url.authority)") }
        // RFC 9112 §9.6. The server reads no further, and so does not notice the reset (`ClosingSockets`).
        if !errand.keepsConnection, lacks("connection") { lines.append("Connection: close") }
        // healthz decodes nothing, and without this field a server may choose any coding (RFC 9110 §12.5.3).
        if lacks("accept-encoding") { lines.append("Accept-Encoding: identity") }
        // libcurl would add a form's content type, and Expect: 100-continue.
        if request.sendsContent {
            lines.append("Expect:")
            if lacks("content-type") { lines.append("Content-Type:") }
        }
        try set(CURLOPT_HTTPHEADER, list: lines)
    }

    private func setCredentials(_ credentials: URL.Credentials?) throws(Refusal) {
        guard let credentials else { return }
        try set(CURLOPT_USERNAME, credentials.user)
        try set(CURLOPT_PASSWORD, credentials.password)
        try set(CURLOPT_HTTPAUTH, 1 /* CURLAUTH_BASIC, a macro that Swift cannot see */)
    }

    private func setTLS(_ tls: Request.TLS) throws(Refusal) {
        if let authorities = tls.authorities {
            // Without this, the system's authorities would be trusted as well.
            try set(CURLOPT_CAPATH, nil)
            try set(CURLOPT_CAINFO_BLOB, blob: authorities)
        } else {
            try setSystemAuthorities()
        }
        try set(CURLOPT_CERTINFO, tls.tellsExpiry)
        // An encrypted key must fail: without this, libcurl would ask for a passphrase at the terminal.
        if tls.key != nil || tls.certificate != nil { try set(CURLOPT_KEYPASSWD, "") }
        if let certificate = tls.certificate { try set(CURLOPT_SSLCERT_BLOB, blob: certificate) }
        if let key = tls.key { try set(CURLOPT_SSLKEY_BLOB, blob: key) }
        try set(CURLOPT_SSL_VERIFYPEER, tls.isVerified)
        try set(CURLOPT_SSL_VERIFYHOST, tls.isVerified ? 2 : 0)
    }
}

extension EasyHandle {
    /// The same places as OpenSSL's own (X509_get_default_cert_file(3)), which libcurl does not use. Either may be
    /// missing.
    private func setSystemAuthorities() throws(Refusal) {
        let (file, folder) = (EasyHandle.variable("SSL_CERT_FILE"), EasyHandle.variable("SSL_CERT_DIR"))
        if let file { try set(CURLOPT_CAINFO, file) }
        if let folder { try set(CURLOPT_CAPATH, folder) }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Request {
    /// With these methods, a server expects content and its length, even if there is none (RFC 9110 §8.6).
    fileprivate var sendsContent: Bool { content != nil || [.post, .put, .patch].contains(method) }
}
