import HTTPClient
import Health

/// Reads how an https server is verified, and the client's certificate.
extension RequestReader {
    func tls() -> Request.TLS {
        var tls = Request.TLS()
        guard let node = section[.tls], let keys = Section<TLSKey>(node, path: section.path(.tls), mistakes) else {
            return tls
        }
        if !urls.isEmpty, !urls.contains(where: { $0.scheme == .https }) {
            mistakes.add("has no effect without https://", at: node.position, path: keys.path)
        }
        tls.authorities = pem(.caFile, keys)
        tls.certificate = pem(.certFile, keys)
        tls.key = pem(.keyFile, keys)
        if let node = keys[.keyFile], keys[.certFile] == nil {
            mistakes.add("needs cert_file", at: node.position, path: keys.path(.keyFile))
        }
        if let certificate = tls.certificate, let key = tls.key, let node = keys[.keyFile],
            KeyPair.differs(certificate: certificate, key: key)
        {
            mistakes.add(
                "does not belong to the certificate in cert_file", at: node.position, path: keys.path(.keyFile),
                value: node.plainText)
        }
        tls.serverName = keys.value(.serverName) { text throws(ValueError) in
            guard Endpoint.isHost(text), !text.isEmpty else { throw ValueError("is neither a name nor an address") }
            return text
        }
        let skips = keys.value(.insecureSkipVerify) { text throws(ValueError) in
            try Bool(yaml: text)
        }
        tls.isVerified = !(skips ?? false)
        return tls
    }

    /// The content of a PEM file; nil if it is missing or invalid, which is reported as a mistake.
    private func pem(_ key: TLSKey, _ keys: Section<TLSKey>) -> [UInt8]? {
        guard let node = keys[key], let bytes = contents(node, keys.path(key)) else { return nil }
        let problem: String? =
            if bytes.isEncrypted {
                "is encrypted; healthz cannot ask for its passphrase"
            } else if !bytes.contains("-----BEGIN ") {
                "is not in PEM"
            } else if !bytes.isWhole {
                "is cut off"
            } else {
                nil
            }
        guard let problem else { return bytes }
        mistakes.add(problem, at: node.position, path: keys.path(key), value: node.plainText)
        return nil
    }

    func tellsExpiry() -> Bool {
        guard let node = section[.certificateExpiresWithin] else { return false }
        if !urls.isEmpty, !urls.contains(where: { $0.scheme == .https }) {
            let path = section.path(.certificateExpiresWithin)
            mistakes.add("has no effect without https://", at: node.position, path: path)
        }
        return true
    }
}

extension [UInt8] {
    /// The headers of encrypted keys in PKCS #8 and in OpenSSL's older format.
    fileprivate var isEncrypted: Bool {
        contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || contains("Proc-Type: 4,ENCRYPTED")
    }

    /// Whether each of its parts in PEM has an end: it may be in the middle of being written.
    fileprivate var isWhole: Bool {
        let text = String(decoding: self, as: UTF8.self)
        return text.ranges(of: "-----BEGIN ").count == text.ranges(of: "-----END ").count
    }

    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
