import CCrypto

/// A certificate and its private key, in PEM.
enum KeyPair {
    /// Whether both can be read but do not match, as during a renewal that has replaced only one of the files.
    static func differs(certificate: [UInt8], key: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let certificate = read(certificate, { PEM_read_bio_X509($0, nil, refuse, nil) }) else { return false }
        defer { X509_free(certificate) }
        guard let key = read(key, { PEM_read_bio_PrivateKey($0, nil, refuse, nil) }) else { return false }
        defer { EVP_PKEY_free(key) }
        return X509_check_private_key(certificate, key) != 1
    }

    private static func read(_ bytes: [UInt8], _ parse: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        bytes.withUnsafeBytes { bytes in
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(memory) }
            return parse(memory)
        }
    }
}

/// Returns no passphrase: without this callback, OpenSSL would ask for it at the terminal.
private func refuse(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }
