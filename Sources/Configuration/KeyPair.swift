import CCrypto

/// A certificate and the private key that shall belong to it, in PEM.
enum KeyPair {
    /// Whether both can be read, and do not belong together: as while the one was renewed, and the other will be next.
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

/// Else a key with a passphrase would be asked for at the terminal.
private func refuse(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }
