import CCrypto

/// SHA-256 and HMAC-SHA-256 by libcrypto, which libcurl has loaded already.
enum SHA256 {
    static let byteCount = 32

    /// libcrypto has failed: it has no memory, or its configuration forbids the algorithm.
    struct Failure: Error {}

    /// FIPS 180-4.
    static func digest(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: byteCount)
        var count: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &output, &count, EVP_sha256(), nil) == 1, count == byteCount else {
            throw Failure()
        }
        return output
    }

    /// RFC 2104.
    static func authentication(of bytes: [UInt8], key: [UInt8]) throws(Failure) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: byteCount)
        var count: UInt32 = 0
        let result = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &output, &count)
        guard result != nil, count == byteCount else { throw Failure() }
        return output
    }

    /// In lower-case hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
        return String(decoding: output, as: UTF8.self)
    }
}
